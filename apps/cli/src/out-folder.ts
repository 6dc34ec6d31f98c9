import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fail } from "@graft-ml/core";
import { checkTarget } from "graft-ml";
import { DEFAULT_NAMES, type FitSettings, nameAndOptions } from "./settings/fit-settings.ts";

const WHERE = "cli/fit";

/**
 * The folder that a bundle goes to, settled before anything long runs. A folder that is asked for is replaced only where it
 * is a bundle and `force` is set; the default one gets a number where it is taken.
 */
export async function outFolder(settings: FitSettings & { readonly data: string }, cwd: string): Promise<string> {
  const { out, force = false, resume = false } = settings;
  if (out !== undefined) {
    const folder = resolve(cwd, out);
    await checkTarget(folder);
    if (!force && (await isThere(join(folder, "graft.json")))) {
      throw fail(
        WHERE,
        resume
          ? `${out} holds a whole bundle: nothing is left to resume. Use it, or say --force to fit it anew`
          : `${out} holds a bundle already. Choose another --out, or say --force to replace it`,
      );
    }
    return folder;
  }
  const base = join(cwd, "graft-runs", defaultName(settings));
  if (force) {
    await checkTarget(base);
    return base;
  }
  for (let number = 1; ; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    if (!(await isThere(folder))) return folder;
  }
}

/** Where a run keeps its checkpoint until its bundle is there: beside it, because a bundle appears whole or not at all. */
export function partialFolder(folder: string): string {
  return `${folder}.partial`;
}

function defaultName(settings: FitSettings & { readonly data: string }): string {
  const plugins = (["backbone", "freezing", "head"] as const).map((kind) =>
    basename(nameAndOptions(settings[kind] ?? DEFAULT_NAMES[kind]).name),
  );
  const data = basename(settings.data).replace(/\.(csv|tsv|tab|jsonl|ndjson|json|txt)$/i, "");
  return [data, ...plugins]
    .join("-")
    .replace(/[^\p{L}\p{N}._]+/gu, "-")
    .replace(/^[.-]+/, "");
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
