import { join } from "node:path";
import { fail } from "@graft-ml/core";
import { entryKind, listFolder, nameVerdict, type SkippedPath, unreadable } from "./folder-walk.ts";

const WHERE = "data/image-folder";

/** The part of a dataset that a sample belongs to. */
export type Split = "train" | "validation" | "test";

const SPLIT_NAMES: ReadonlyMap<string, Split> = new Map([
  ["train", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["test", "test"],
]);

/** A folder whose pictures are of one class; `split` where the dataset comes divided. */
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

/** Finds the class folders: directly in `root` (a real path), or in `train`, `val`/`valid`/`validation` and `test`. */
export async function folderLayout(root: string, onSkip: (skipped: SkippedPath) => void): Promise<FolderLayout> {
  const top = await children(root, root);
  const splits = new Map<Split, string>();
  for (const name of top.folders) {
    const split = SPLIT_NAMES.get(name.toLowerCase());
    if (split === undefined) continue;
    const other = splits.get(split);
    if (other !== undefined) {
      throw fail(
        WHERE,
        `expected one ${split} folder; received "${other}" and "${name}" in ${root}. Merge or rename one`,
      );
    }
    splits.set(split, name);
  }
  const divided = await isDivided(root, top.folders, splits);
  for (const { path, reason } of top.skipped) onSkip({ path, reason });
  if (!divided) {
    if (top.folders.length === 0) throw noClasses(root, top);
    for (const path of top.pictures) onSkip({ path, reason: "not in a class folder" });
    return { classes: top.folders.map((name) => ({ name, path: join(root, name) })) };
  }
  if (!splits.has("train")) {
    throw fail(
      WHERE,
      `expected a train folder; received only ${[...splits.values()].join(" and ")} in ${root}. Add train/<class>/`,
    );
  }
  for (const path of top.pictures) onSkip({ path, reason: "not in a class folder" });
  for (const name of top.folders) {
    if (!SPLIT_NAMES.has(name.toLowerCase())) onSkip({ path: join(root, name), reason: "not train, val or test" });
  }
  // Nothing is tuned on it, so it may measure.
  const promoted = splits.has("validation") && !splits.has("test");
  const classes: ClassFolder[] = [];
  for (const [split, folder] of splits) {
    const inside = await children(join(root, folder), root);
    for (const skipped of inside.skipped) onSkip(skipped);
    if (inside.folders.length === 0) throw noClasses(join(root, folder), inside);
    for (const path of inside.pictures) onSkip({ path, reason: "not in a class folder" });
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
): Promise<boolean> {
  let holding = 0;
  for (const name of splits.values()) {
    const inside = await children(join(root, name), root).catch(() => undefined);
    if (inside && inside.folders.length > 0) holding++;
  }
  return holding >= 2 || (holding > 0 && splits.size === folders.length);
}

interface Children {
  readonly folders: string[];
  readonly pictures: string[];
  readonly skipped: SkippedPath[];
}

async function children(folder: string, root: string): Promise<Children> {
  const entries = await listFolder(folder).catch((cause: unknown) => {
    throw fail(
      WHERE,
      `expected a folder that can be read; received ${folder}: ${unreadable(cause)}. Mend its permissions`,
      { cause },
    );
  });
  const folders: string[] = [];
  const pictures: string[] = [];
  const skipped: SkippedPath[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const kind = await entryKind(entry, path, root);
    if (kind === "folder") folders.push(entry.name);
    else {
      const verdict = kind === "file" ? nameVerdict(entry.name) : kind;
      if (verdict === "picture") pictures.push(path);
      else skipped.push({ path, reason: verdict.reason });
    }
  }
  return { folders, pictures, skipped };
}

function noClasses(folder: string, { pictures, skipped }: Children): Error {
  const link = skipped.find(({ reason }) => reason.startsWith("link"));
  const links = link && `only links that are not followed (${JSON.stringify(link.path)}: ${link.reason})`;
  const found = pictures.length > 0 ? `only pictures (${pictures.length})` : (links ?? "none");
  return fail(
    WHERE,
    `expected one folder a class in ${folder}; received ${found}. Put each class's pictures in a folder of its own`,
  );
}
