import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, parse } from "node:path";
import { fail } from "@graft-ml/core";
import { type ClassFolder, folderLayout, SPLIT_NAMES, type Split } from "./folder-layout.ts";
import { entryKind, listFolder, type NameVerdict, type SkippedPath, unreadable } from "./folder-walk.ts";
import { TABLE_EXTENSIONS } from "./table-file.ts";

/** The reason for files that are no table and no text at all; a README is no fault of the data, so `strict` lets it pass. */
export const NOT_TEXT_DATA = "not text data";

/** A table's file; `split` where its name says it. */
export interface TableSource {
  readonly path: string;
  readonly split?: Split;
}

/** Where a dataset's texts are: in tables, or one a file in a folder a class. */
export interface TextSources {
  /** Absolute, links followed. */
  readonly folder: string;
  /** `train` first. */
  readonly tables?: readonly TableSource[];
  readonly classes?: readonly ClassFolder[];
  readonly notice?: string;
}

/** Keeps what is left out in a list, or with `strict` refuses it. */
export function skipInto(skipped: SkippedPath[], where: string, strict: boolean): (entry: SkippedPath) => void {
  return (entry) => {
    if (strict && entry.reason !== NOT_TEXT_DATA) {
      throw fail(
        where,
        `expected every text to be usable; received ${JSON.stringify(entry.path)}: ${entry.reason}. Mend or remove it, or leave strict off`,
      );
    }
    skipped.push(entry);
  };
}

/** Lets `.txt` files in. */
export const textVerdict: NameVerdict = (name) =>
  extname(name).toLowerCase() === ".txt" ? "wanted" : { reason: NOT_TEXT_DATA };

/** The split that a name says, whatever its case; the field says `dev`, too. */
export function splitNamed(name: string): Split | undefined {
  const plain = name.trim().toLowerCase();
  return plain === "dev" ? "validation" : SPLIT_NAMES.get(plain);
}

/** Finds the texts of a path: a table, a folder of tables called `train`, `val` and `test`, or a folder a class. */
export async function textSources(
  where: string,
  path: string,
  onSkip: (skipped: SkippedPath) => void,
): Promise<TextSources> {
  const real = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" || cause.code === "ENOTDIR" ? "it does not exist" : unreadable(cause);
    throw fail(
      where,
      `expected a table or a folder of texts; received ${JSON.stringify(path)}: ${why}. Check the path`,
      { cause },
    );
  });
  if (!(await stat(real)).isDirectory()) return { folder: dirname(real), tables: [{ path: real }] };

  const tables: string[] = [];
  const others: SkippedPath[] = [];
  const folders: SkippedPath[] = [];
  const entries = await listFolder(real).catch((cause: unknown) => {
    throw fail(where, `expected a folder that can be read; received ${real}: ${unreadable(cause)}`, { cause });
  });
  for (const entry of entries) {
    const inside = join(real, entry.name);
    const kind = await entryKind(entry, inside, real);
    if (kind === "folder") folders.push({ path: inside, reason: "a folder beside tables" });
    else if (kind !== "file") others.push({ path: inside, reason: kind.reason });
    else if (TABLE_EXTENSIONS.has(extname(entry.name).toLowerCase())) tables.push(inside);
    else others.push({ path: inside, reason: NOT_TEXT_DATA });
  }
  const named = tables.filter((table) => splitNamed(parse(table).name) !== undefined);
  if (named.length === 0 && !(tables.length === 1 && folders.length === 0)) {
    if (tables.length > 0 && folders.length === 0) {
      throw fail(
        where,
        `expected one table, or tables called train, val and test, in ${real}; received ${tables.map((table) => JSON.stringify(basename(table))).join(", ")}. Name one of them, or rename them`,
      );
    }
    const layout = await folderLayout(real, onSkip, { where, files: "texts", verdictOf: textVerdict });
    return { folder: real, ...layout };
  }
  for (const skipped of [...others, ...folders]) onSkip(skipped);
  if (named.length === 0) return { folder: real, tables: [{ path: tables[0]! }] };
  for (const table of tables) if (!named.includes(table)) onSkip({ path: table, reason: "not train, val or test" });
  return { folder: real, tables: splitTables(where, real, named) };
}

function splitTables(where: string, folder: string, paths: readonly string[]): TableSource[] {
  const bySplit = new Map<Split, string>();
  for (const path of paths) {
    const split = splitNamed(parse(path).name)!;
    const other = bySplit.get(split);
    if (other !== undefined) {
      throw fail(
        where,
        `expected one ${split} table; received "${basename(other)}" and "${basename(path)}" in ${folder}. Merge or rename one`,
      );
    }
    bySplit.set(split, path);
  }
  return (["train", "validation", "test"] as const).flatMap((split) => {
    const path = bySplit.get(split);
    return path === undefined ? [] : [{ path, split }];
  });
}
