import { realpath, stat } from "node:fs/promises";
import { join, relative as relativePath, sep } from "node:path";
import { checkInterrupted, fail, type RunControl } from "@graft-ml/core";
import { pool } from "./decode-batches.ts";
import { type Copyable, type Duplicate, dropCopies } from "./duplicates.ts";
import { type FolderLayout, folderLayout, type Split } from "./folder-layout.ts";
import { NOT_AN_IMAGE, type SkippedPath, unreadable, walkFiles } from "./folder-walk.ts";
import { inspectPicture } from "./inspect-picture.ts";
import { assignSplits, checkShares, fingerprintOf } from "./splits.ts";

const WHERE = "data/image-folder";
const FILES_AT_ONCE = 8;

/** One labelled picture on disk. */
export interface ImageSample {
  /** Absolute. */
  readonly path: string;
  /** From the dataset's folder, with forward slashes. */
  readonly relative: string;
  /** Place in `classes`. */
  readonly label: number;
  readonly split: Split;
  /** Of the file's bytes, in hexadecimal. */
  readonly sha256: string;
}

/** A folder of labelled pictures: what is there, where it belongs and what was left out. */
export interface ImageDataset {
  /** Absolute, links followed. */
  readonly folder: string;
  /** In code-unit order. */
  readonly classes: string[];
  /** In order of `relative`. */
  readonly samples: ImageSample[];
  readonly skipped: SkippedPath[];
  readonly duplicates: Duplicate[];
  /** sha256 over path, content, label and split of every sample: equal fingerprints, equal data. */
  readonly fingerprint: string;
}

/** How a folder is read. */
export interface ImageFolderOptions {
  /** The first picture that cannot be used throws; files that are no pictures at all do not. Default: false. */
  readonly strict?: boolean;
  /** Share kept for testing where the folder is not divided already, 0..1 without 1. Default: 0.2. */
  readonly test?: number;
  /** Share of the training samples kept for validation where no folder is, 0..1 without 1. Default: 0. */
  readonly validation?: number;
  /** Default: 0. */
  readonly seed?: number;
  readonly control?: RunControl;
}

/**
 * Reads `class/*.jpg`, or the same inside `train`, `val` and `test`, without decoding anything. Files that cannot be used
 * are listed with a reason; copies count once. Throws where the folder, its classes or their training pictures are missing.
 */
export async function imageFolder(folder: string, options: ImageFolderOptions = {}): Promise<ImageDataset> {
  const { strict = false, test = 0.2, validation = 0, seed = 0, control } = options;
  checkShares(WHERE, { test, validation });
  const root = await openFolder(folder);
  const skipped: SkippedPath[] = [];
  const skip = (entry: SkippedPath) => {
    if (strict && entry.reason !== NOT_AN_IMAGE) {
      throw fail(
        WHERE,
        `expected every picture to be usable; received ${JSON.stringify(entry.path)}: ${entry.reason}. Remove it, or leave strict off`,
      );
    }
    skipped.push(entry);
  };
  const layout = await folderLayout(root, skip);
  if (layout.notice !== undefined) control?.onEvent?.({ type: "notice", message: layout.notice });

  const names = [...new Set(layout.classes.map(({ name }) => name))].sort();
  const found = await inspectAll(root, layout, names, skip, control);
  const { kept, duplicates, contradictions } = dropCopies(found);
  for (const entry of contradictions) skip(entry);
  const classes = usableClasses(root, names, kept, skip);
  const labelled = kept
    .map((sample) => ({ ...sample, label: classes.indexOf(names[sample.label]!) }))
    .sort((a, b) => (a.relative < b.relative ? -1 : 1));
  const splits = assignSplits(labelled, { test, validation, seed });
  const samples = labelled.map(({ path, relative, label, sha256 }, i) => ({
    path,
    relative,
    label,
    split: splits[i]!,
    sha256,
  }));
  skipped.sort((a, b) => (a.path < b.path ? -1 : 1));
  duplicates.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { folder: root, classes, samples, skipped, duplicates, fingerprint: fingerprintOf(samples) };
}

async function openFolder(folder: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) return await realpath(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "ENOTDIR" ? "it does not exist" : unreadable(cause);
    throw fail(WHERE, `expected a folder of pictures; received ${JSON.stringify(folder)}: ${why}. Check the path`, {
      cause,
    });
  }
  throw fail(
    WHERE,
    `expected a folder of pictures; received the file ${JSON.stringify(folder)}. Name the folder that holds the classes`,
  );
}

async function inspectAll(
  root: string,
  layout: FolderLayout,
  names: readonly string[],
  skip: (entry: SkippedPath) => void,
  control: RunControl | undefined,
): Promise<Copyable[]> {
  const listed: Omit<Copyable, "sha256">[] = [];
  for (const { name, path: folder, split } of layout.classes) {
    const label = names.indexOf(name);
    for await (const path of walkFiles(folder, root, skip)) {
      checkInterrupted(control?.signal, WHERE);
      const relative = relativePath(root, path).split(sep).join("/");
      listed.push({ path, relative, label, ...(split !== undefined && { split }) });
    }
  }
  control?.onEvent?.({ type: "stage", stage: "scan", total: listed.length });
  const found: Copyable[] = [];
  const slots = pool(FILES_AT_ONCE);
  // In slices: a hundred thousand waiting closures would weigh more than what they find out.
  for (let i = 0; i < listed.length; i += 256) {
    checkInterrupted(control?.signal, WHERE);
    const slice = listed.slice(i, i + 256);
    const facts = await Promise.all(slice.map(({ path }) => slots(() => inspectPicture(path))));
    slice.forEach((sample, at) => {
      const fact = facts[at]!;
      if ("reason" in fact) skip({ path: sample.path, reason: fact.reason });
      else found.push({ ...sample, sha256: fact.sha256 });
    });
    control?.onEvent?.({ type: "progress", stage: "scan", done: i + slice.length, total: listed.length });
  }
  return found;
}

/** Classes that can be trained: one without any picture is left out, one with pictures only outside training is an error. */
function usableClasses(
  root: string,
  names: readonly string[],
  samples: readonly Copyable[],
  skip: (entry: SkippedPath) => void,
): string[] {
  if (samples.length === 0) {
    throw fail(
      WHERE,
      `expected pictures in the class folders of ${root}; received none that can be used. Add JPEG, PNG, WebP, GIF, AVIF or TIFF files`,
    );
  }
  const all = names.map(() => 0);
  const trained = names.map(() => 0);
  for (const { label, split } of samples) {
    all[label]!++;
    if (split === undefined || split === "train") trained[label]!++;
  }
  return names.filter((name, label) => {
    if (trained[label]! > 0) return true;
    if (all[label]! > 0) {
      throw fail(
        WHERE,
        `expected training pictures of every class; received none of ${JSON.stringify(name)} but ${all[label]} outside train in ${root}. Add some to its train folder, or mend its name`,
      );
    }
    skip({ path: join(root, name), reason: "class folder without a usable picture" });
    return false;
  });
}
