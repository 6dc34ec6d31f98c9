import { join } from "node:path";
import { fail } from "@graft-ml/core";
import { entryKind, listFolder, type NameVerdict, nameVerdict, type SkippedPath, unreadable } from "./folder-walk.ts";

/** The part of a dataset that a sample belongs to. */
export type Split = "train" | "validation" | "test";

/** Names of splits as folders and files carry them, in lower case. */
export const SPLIT_NAMES: ReadonlyMap<string, Split> = new Map([
  ["train", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["test", "test"],
]);

/** A folder whose files are of one class; `split` where the dataset comes divided. */
export interface ClassFolder {
  readonly name: string;
  readonly path: string;
  readonly split?: Split;
}

/** Class folders of a dataset, as they lie there. */
export interface FolderLayout {
  readonly classes: readonly ClassFolder[];
  readonly notice?: string;
}

/** What a layout's class folders hold, and how to speak of it. */
export interface LayoutKind {
  /** The part that speaks in errors. */
  readonly where: string;
  readonly files: "pictures" | "texts";
  readonly verdictOf: NameVerdict;
}

const PICTURES: LayoutKind = { where: "data/image-folder", files: "pictures", verdictOf: nameVerdict };

/** Finds the class folders: directly in `root` (a real path), or in `train`, `val`/`valid`/`validation` and `test`. */
export async function folderLayout(
  root: string,
  onSkip: (skipped: SkippedPath) => void,
  kind: LayoutKind = PICTURES,
): Promise<FolderLayout> {
  const { where } = kind;
  const top = await children(root, root, kind);
  const splits = new Map<Split, string>();
  for (const name of top.folders) {
    const split = SPLIT_NAMES.get(name.toLowerCase());
    if (split === undefined) continue;
    const other = splits.get(split);
    if (other !== undefined) {
      throw fail(
        where,
        `expected one ${split} folder; received "${other}" and "${name}" in ${root}. Merge or rename one`,
      );
    }
    splits.set(split, name);
  }
  const divided = await isDivided(root, top.folders, splits, kind);
  for (const { path, reason } of top.skipped) onSkip({ path, reason });
  if (!divided) {
    if (top.folders.length === 0) throw noClasses(root, top, kind);
    for (const path of top.files) onSkip({ path, reason: "not in a class folder" });
    return { classes: top.folders.map((name) => ({ name, path: join(root, name) })) };
  }
  if (!splits.has("train")) {
    throw fail(
      where,
      `expected a train folder; received only ${[...splits.values()].join(" and ")} in ${root}. Add train/<class>/`,
    );
  }
  for (const path of top.files) onSkip({ path, reason: "not in a class folder" });
  for (const name of top.folders) {
    if (!SPLIT_NAMES.has(name.toLowerCase())) onSkip({ path: join(root, name), reason: "not train, val or test" });
  }
  // Nothing is tuned on it, so it may measure.
  const promoted = splits.has("validation") && !splits.has("test");
  const classes: ClassFolder[] = [];
  for (const [split, folder] of splits) {
    const inside = await children(join(root, folder), root, kind);
    for (const skipped of inside.skipped) onSkip(skipped);
    if (inside.folders.length === 0) throw noClasses(join(root, folder), inside, kind);
    for (const path of inside.files) onSkip({ path, reason: "not in a class folder" });
    const role = promoted && split === "validation" ? "test" : split;
    // A train folder alone is divided as an undivided dataset is.
    const given = splits.size === 1 ? {} : { split: role };
    classes.push(...inside.folders.map((name) => ({ name, path: join(root, folder, name), ...given })));
  }
  if (!promoted) return { classes };
  return {
    classes,
    notice: `no test folder in ${root}: "${splits.get("validation")}" is the test set, nothing is tuned on it`,
  };
}

/** A class may be called "train" (of the railway kind): the names divide only where they hold folders and say all. */
async function isDivided(
  root: string,
  folders: readonly string[],
  splits: ReadonlyMap<Split, string>,
  kind: LayoutKind,
): Promise<boolean> {
  let holding = 0;
  for (const name of splits.values()) {
    const inside = await children(join(root, name), root, kind).catch(() => undefined);
    if (inside && inside.folders.length > 0) holding++;
  }
  return holding >= 2 || (holding > 0 && splits.size === folders.length);
}

interface Children {
  readonly folders: string[];
  readonly files: string[];
  readonly skipped: SkippedPath[];
}

async function children(folder: string, root: string, { where, verdictOf }: LayoutKind): Promise<Children> {
  const entries = await listFolder(folder).catch((cause: unknown) => {
    throw fail(
      where,
      `expected a folder that can be read; received ${folder}: ${unreadable(cause)}. Mend its permissions`,
      { cause },
    );
  });
  const folders: string[] = [];
  const files: string[] = [];
  const skipped: SkippedPath[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const kind = await entryKind(entry, path, root);
    if (kind === "folder") folders.push(entry.name);
    else {
      const verdict = kind === "file" ? verdictOf(entry.name) : kind;
      if (verdict === "wanted") files.push(path);
      else skipped.push({ path, reason: verdict.reason });
    }
  }
  return { folders, files, skipped };
}

function noClasses(folder: string, { files, skipped }: Children, kind: LayoutKind): Error {
  const link = skipped.find(({ reason }) => reason.startsWith("link"));
  const links = link && `only links that are not followed (${JSON.stringify(link.path)}: ${link.reason})`;
  const found = files.length > 0 ? `only ${kind.files} (${files.length})` : (links ?? "none");
  return fail(
    kind.where,
    `expected one folder a class in ${folder}; received ${found}. Put each class's ${kind.files} in a folder of its own`,
  );
}
