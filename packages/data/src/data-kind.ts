import { realpath, stat } from "node:fs/promises";
import { extname, join, parse } from "node:path";
import { entryKind, listFolder } from "./folder-walk.ts";
import { PICTURE_EXTENSIONS, UNSUPPORTED_EXTENSIONS } from "./picture-format.ts";
import { TABLE_EXTENSIONS } from "./table-file.ts";
import { splitNamed } from "./text-sources.ts";

/** What a dataset holds. */
export type DataKind = "pictures" | "texts";

/** Entries looked at before a folder counts as one of pictures. */
const MOST = 5000;
/** `train/class/file` */
const DEPTH = 3;

/**
 * Tells by names what a path holds: a table's file, a folder of tables or of `.txt` files holds texts, any other folder pictures.
 * Nothing is opened, and a path that is not there is told by its extension: whoever reads it says what is wrong.
 */
export async function dataKind(path: string): Promise<DataKind> {
  const real = await realpath(path).catch(() => undefined);
  const info = real === undefined ? undefined : await stat(real).catch(() => undefined);
  if (real === undefined || info === undefined || !info.isDirectory()) return fileKind(path);
  const budget = { left: MOST };
  const top = await listFolder(real).catch(() => []);
  const tables = top.filter(({ name }) => TABLE_EXTENSIONS.has(extname(name).toLowerCase()));
  const folders = top.filter((entry) => entry.isDirectory()).length;
  // A table beside class folders is usually their description.
  if (tables.some(({ name }) => splitNamed(parse(name).name) !== undefined)) return "texts";
  if (tables.length > 0 && folders === 0 && !top.some(({ name }) => isPicture(name))) return "texts";
  const found = await search(real, real, DEPTH, budget);
  return found === "texts" ? "texts" : "pictures";
}

function fileKind(path: string): DataKind {
  const extension = extname(path).toLowerCase();
  return TABLE_EXTENSIONS.has(extension) || extension === ".txt" || extension === ".json" ? "texts" : "pictures";
}

/** Pictures where there is one; texts where there are only those. */
async function search(
  folder: string,
  root: string,
  depth: number,
  budget: { left: number },
): Promise<DataKind | undefined> {
  let found: DataKind | undefined;
  for (const entry of await listFolder(folder).catch(() => [])) {
    if (budget.left-- <= 0) return found;
    const path = join(folder, entry.name);
    if ((await entryKind(entry, path, root)) === "folder") {
      const inside = depth > 1 ? await search(path, root, depth - 1, budget) : undefined;
      if (inside === "pictures") return inside;
      found ??= inside;
    } else if (isPicture(entry.name)) return "pictures";
    else if (extname(entry.name).toLowerCase() === ".txt" && depth < DEPTH) found = "texts";
  }
  return found;
}

function isPicture(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return PICTURE_EXTENSIONS.has(extension) || UNSUPPORTED_EXTENSIONS.has(extension);
}
