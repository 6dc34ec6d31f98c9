import { join } from "node:path";
import { fail, type RunControl } from "@graft-ml/core";
import { type Duplicate, dropCopies } from "./duplicates.ts";
import type { Split } from "./folder-layout.ts";
import type { SkippedPath } from "./folder-walk.ts";
import { assignSplits, checkShares, fingerprintOf } from "./splits.ts";
import type { ColumnNames } from "./table-columns.ts";
import type { TableFormat } from "./table-file.ts";
import { readClassFolders } from "./text-folders.ts";
import { type FoundText, readTables } from "./text-rows.ts";
import { NOT_TEXT_DATA, skipInto, textSources } from "./text-sources.ts";

const WHERE = "data/text-table";

/** One labelled text, or two of a pair. */
export interface TextSample {
  /** Outer white space is dropped. */
  readonly text: string;
  /** The second text, where the dataset is one of pairs. */
  readonly pair?: string;
  /** File and line, `reviews.csv:17`, or file, from the dataset's folder, with forward slashes. */
  readonly relative: string;
  /** Place in `classes`. */
  readonly label: number;
  readonly split: Split;
  /** `textHash` of the text, or of both. */
  readonly sha256: string;
}

/** Labelled texts: what is there, where it belongs and what was left out. */
export interface TextDataset {
  /** Absolute, links followed. */
  readonly folder: string;
  /** In code-unit order. */
  readonly classes: string[];
  /** In the order of files and lines. */
  readonly samples: TextSample[];
  /** Columns that were read, by the first table's names, and whether those are mere numbers; absent for a folder a class. */
  readonly columns?: { readonly text: readonly string[]; readonly label?: string; readonly header?: false };
  /** Rows are `file:line`. */
  readonly skipped: SkippedPath[];
  readonly duplicates: Duplicate[];
  /** sha256 over place, content, label and split of every sample: equal fingerprints, equal data. */
  readonly fingerprint: string;
}

/** How texts are read. */
export interface TextTableOptions extends ColumnNames, TableFormat {
  /** The first row or file that cannot be used throws; files that are no text data at all do not. Default: false. */
  readonly strict?: boolean;
  /** Share kept for testing where the data is not divided already, 0..1 without 1. Default: 0.2. */
  readonly test?: number;
  /** Share of the training samples kept for validation where none is given, 0..1 without 1. Default: 0. */
  readonly validation?: number;
  /** Default: 0. */
  readonly seed?: number;
  readonly control?: RunControl;
}

/**
 * Reads labelled texts into memory: a CSV, TSV or JSON lines file, a folder with such files called `train`, `val` and `test`,
 * or `class/*.txt`. Rows that cannot be used are listed with a reason; copies count once.
 * Throws where there is no table, no column or no class that can be trained.
 */
export async function textTable(path: string, options: TextTableOptions = {}): Promise<TextDataset> {
  const { strict = false, test = 0.2, validation = 0, seed = 0, control } = options;
  checkShares(WHERE, { test, validation });
  const notice = (message: string) => control?.onEvent?.({ type: "notice", message });
  const skipped: SkippedPath[] = [];
  const skip = skipInto(skipped, WHERE, strict);
  const sources = await textSources(WHERE, path, skip);
  if (sources.notice !== undefined) notice(sources.notice);
  control?.onEvent?.({ type: "stage", stage: "scan" });
  const reading = { where: WHERE, folder: sources.folder, labelled: true, skip, notice, control };
  const { found, columns } = sources.tables
    ? await readTables(sources.tables, options, reading)
    : await readClassFolders(sources.classes ?? [], reading);
  control?.onEvent?.({ type: "progress", stage: "scan", done: found.length, total: found.length });
  if (found.length === 0) {
    const why = skipped.find(({ reason }) => reason !== NOT_TEXT_DATA);
    throw fail(
      WHERE,
      `expected labelled texts in ${JSON.stringify(path)}; received none that can be used${why ? ` (${why.path}: ${why.reason})` : ""}`,
    );
  }

  const divided = settleSplits(found, sources.folder, notice);
  const names = [...new Set(divided.map(({ className }) => className))].sort();
  const places = new Map(names.map((name, i) => [name, i]));
  const labelled = divided.map((one, i) => ({
    ...one,
    label: places.get(one.className)!,
    at: i,
    path: join(sources.folder, one.relative),
    // Of copies in the same split the first stays.
    relative: String(i).padStart(12, "0"),
    place: one.relative,
  }));
  const { kept, duplicates, contradictions } = dropCopies(labelled, "text");
  for (const entry of contradictions) skip(entry);
  reportCopies(labelled, duplicates, notice);
  kept.sort((a, b) => a.at - b.at);
  const classes = trainedClasses(names, kept, sources.folder, notice);
  const usable = kept.map((one) => ({ ...one, label: classes.indexOf(one.className) }));
  const splits = assignSplits(usable, { test, validation, seed });
  const samples = usable.map(({ text, pair, place, label, sha256 }, i) => ({
    text,
    ...(pair !== undefined && { pair }),
    relative: place,
    label,
    split: splits[i]!,
    sha256,
  }));
  return {
    folder: sources.folder,
    classes,
    samples,
    ...(columns && { columns: { ...columns, ...(options.header === false && { header: false as const }) } }),
    skipped,
    duplicates,
    fingerprint: fingerprintOf(samples),
  };
}

/** What the data says of its division, made fit: training alone is not divided, and something measures. */
function settleSplits(found: FoundText[], folder: string, notice: (message: string) => void): FoundText[] {
  const given = new Set(found.map(({ split }) => split));
  if (given.has(undefined)) return found;
  if (!given.has("train")) {
    throw fail(
      WHERE,
      `expected texts to train on in ${folder}; received only ${[...given].sort().join(" and ")}. Add a train table, or rows whose split is train`,
    );
  }
  if (given.size === 1) return found.map(({ split: _, ...rest }) => rest);
  if (given.has("test")) return found;
  notice(`no test texts in ${folder}: those for validation are the test set, nothing is tuned on them`);
  return found.map((one) => (one.split === "validation" ? { ...one, split: "test" } : one));
}

function reportCopies(
  samples: readonly { readonly path: string; readonly split?: Split }[],
  duplicates: readonly Duplicate[],
  notice: (message: string) => void,
): void {
  if (duplicates.length === 0) return;
  const splits = new Map(samples.map(({ path, split }) => [path, split]));
  const across = duplicates.filter(({ path, of }) => splits.get(path) !== splits.get(of)).length;
  const texts = duplicates.length === 1 ? "1 text is a copy" : `${duplicates.length} texts are copies`;
  notice(`${texts} of others and left out${across > 0 ? `, ${across} of them from another split` : ""}`);
}

/** A class that has texts only outside training is an error; one whose texts all contradict others is gone. */
function trainedClasses(
  names: readonly string[],
  samples: readonly { readonly className: string; readonly split?: Split }[],
  folder: string,
  notice: (message: string) => void,
): string[] {
  const all = new Map<string, number>();
  const trained = new Set<string>();
  for (const { className, split } of samples) {
    all.set(className, (all.get(className) ?? 0) + 1);
    if (split === undefined || split === "train") trained.add(className);
  }
  const untrained = [...all.keys()].find((name) => !trained.has(name));
  if (untrained !== undefined) {
    throw fail(
      WHERE,
      `expected training texts of every class; received none of ${JSON.stringify(untrained)} but ${all.get(untrained)} outside train in ${folder}. Add some, or mend its name`,
    );
  }
  for (const name of names) {
    if (!all.has(name))
      notice(`class ${JSON.stringify(name)} has no text that is not in another class, too; it is left out`);
  }
  if (all.size === 0)
    throw fail(WHERE, `expected texts of one class each in ${folder}; received only texts that are in two`);
  return names.filter((name) => all.has(name));
}
