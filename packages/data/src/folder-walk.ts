import type { Dirent } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { firstLine, PICTURE_EXTENSIONS, UNSUPPORTED_EXTENSIONS } from "./picture-format.ts";

/** A path that was left out, and why. */
export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

/** The reason for files whose extension is no picture's; a README is no fault of the data, so `strict` lets it pass. */
export const NOT_AN_IMAGE = "not an image";

/** Whether a file is to be read going by its name, or why not. */
export type NameVerdict = (name: string) => "wanted" | { readonly reason: string };

/** Entries that count, in code-unit order: no dot-files, no Thumbs.db. */
export async function listFolder(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter(
      ({ name }) => !name.startsWith(".") && name.toLowerCase() !== "thumbs.db" && name.toLowerCase() !== "desktop.ini",
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What an entry is after following links, or why it is not to be read; `root` is a real path. */
export async function entryKind(
  entry: Dirent,
  path: string,
  root: string,
): Promise<"file" | "folder" | { readonly reason: string }> {
  // Most entries: no further look at the disk.
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  try {
    const link = (await lstat(path)).isSymbolicLink();
    const real = link ? await realpath(path) : path;
    if (link && real !== root && !real.startsWith(root + sep)) return { reason: "link to a place outside the folder" };
    const info = await stat(real);
    if (info.isFile()) return "file";
    // The folder is read where it really is; through links it could be read twice, or for ever.
    if (info.isDirectory()) return link ? { reason: "link to a folder" } : "folder";
    return { reason: "neither a file nor a folder" };
  } catch (error) {
    return { reason: unreadable(error) };
  }
}

/** Whether a file is to be read as a picture going by its name, or why not. */
export function nameVerdict(name: string): ReturnType<NameVerdict> {
  const extension = extname(name).toLowerCase();
  if (PICTURE_EXTENSIONS.has(extension)) return "wanted";
  if (UNSUPPORTED_EXTENSIONS.has(extension))
    return { reason: `unsupported format ${extension}; convert it to JPEG or PNG` };
  return { reason: NOT_AN_IMAGE };
}

/** Files below a folder that a name's verdict lets in, in a fixed order. */
export async function* walkFiles(
  folder: string,
  root: string,
  onSkip: (skipped: SkippedPath) => void,
  verdictOf: NameVerdict = nameVerdict,
): AsyncGenerator<string> {
  const entries = await listFolder(folder).catch((error: unknown) => {
    onSkip({ path: folder, reason: unreadable(error) });
    return [];
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const kind = await entryKind(entry, path, root);
    if (kind === "folder") yield* walkFiles(path, root, onSkip, verdictOf);
    else {
      const verdict = kind === "file" ? verdictOf(entry.name) : kind;
      if (verdict === "wanted") yield path;
      else onSkip({ path, reason: verdict.reason });
    }
  }
}

/** A file system error in a user's words. */
export function unreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "no permission to read it";
  if (code === "ENOENT") return "link to nothing, or removed meanwhile";
  if (code === "ELOOP") return "link that leads to itself";
  return `cannot be read: ${firstLine(error)}`;
}
