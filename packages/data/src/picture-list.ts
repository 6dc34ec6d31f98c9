import { realpath, stat } from "node:fs/promises";
import { basename, dirname, relative as relativePath, sep } from "node:path";
import { checkInterrupted, fail, type RunControl } from "@graft-ml/core";
import { pool } from "./decode-batches.ts";
import { type SkippedPath, unreadable, walkFiles } from "./folder-walk.ts";
import type { ImageSample } from "./image-folder.ts";
import { inspectPicture } from "./inspect-picture.ts";

const WHERE = "data/picture-list";
const AT_ONCE = 256;

/** Pictures without labels. */
export interface PictureList {
  /** Absolute, links followed. */
  readonly folder: string;
  /** Every picture that can be used, copies too, in the order of their paths. */
  readonly samples: Omit<ImageSample, "label" | "split">[];
  readonly skipped: SkippedPath[];
}

/** How pictures without labels are found. */
export interface PictureListOptions {
  readonly control?: RunControl;
}

/** Finds the pictures in a folder and below, or takes the one file. */
export async function pictureList(path: string, { control }: PictureListOptions = {}): Promise<PictureList> {
  const real = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" || cause.code === "ENOTDIR" ? "it does not exist" : unreadable(cause);
    throw fail(WHERE, `expected pictures in ${JSON.stringify(path)}: ${why}. Check the path`, { cause });
  });
  const whole = (await stat(real)).isDirectory();
  const folder = whole ? real : dirname(real);
  const skipped: SkippedPath[] = [];
  const paths: string[] = whole ? [] : [real];
  if (whole) for await (const found of walkFiles(real, real, (entry) => skipped.push(entry))) paths.push(found);
  control?.onEvent?.({ type: "stage", stage: "scan", total: paths.length });
  const slots = pool(8);
  const samples: PictureList["samples"] = [];
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    checkInterrupted(control?.signal, WHERE);
    const some = paths.slice(start, start + AT_ONCE);
    const facts = await Promise.all(some.map((one) => slots(() => inspectPicture(one))));
    for (const [at, fact] of facts.entries()) {
      const file = some[at]!;
      if ("reason" in fact) skipped.push({ path: file, reason: fact.reason });
      else {
        const relative = whole ? relativePath(folder, file).split(sep).join("/") : basename(file);
        samples.push({ path: file, relative, sha256: fact.sha256 });
      }
    }
    control?.onEvent?.({ type: "progress", stage: "scan", done: start + some.length, total: paths.length });
  }
  if (samples.length > 0) return { folder, samples, skipped };
  const why = skipped[0] === undefined ? "" : ` (${skipped[0].path}: ${skipped[0].reason})`;
  throw fail(WHERE, `expected pictures in ${JSON.stringify(path)}; received none that can be used${why}`);
}
