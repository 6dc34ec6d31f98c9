import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { checkInterrupted, fail, GraftError, type RunControl } from "@graft-ml/core";
import { textLines, textList } from "@graft-ml/data";
import { type LoadedBundle, load, type Prediction, type SampleInput } from "graft-ml";
import { percent, printable } from "../format.ts";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { type TableSettings, tableOptions } from "../settings/table-options.ts";

const BATCH = 32;
const RUNNERS_UP = 2;
const WIDEST = 60;
const TEXT_FILES: ReadonlySet<string> = new Set(".txt .csv .tsv .tab .jsonl .ndjson .json".split(" "));

/** Flags as they are typed. */
export interface PredictFlags extends Omit<TableSettings, "labelColumn"> {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One sample to answer for, and the name that it is told under. */
interface Asked {
  readonly input: SampleInput;
  /** Path of a picture as the user gave it, or a text. */
  readonly name: string;
  /** File and line of a text. */
  readonly place?: string;
}

/** Answers batch after batch and prints each answer as it comes, under the name that the user gave. */
export async function predict(bundle: string, inputs: readonly string[], flags: PredictFlags, io: Io): Promise<void> {
  const model = await load(resolve(io.cwd, bundle));
  const progress = watch(io, flags.quiet);
  let failed = 0;
  try {
    const asked = model.kind === "texts" ? await texts(inputs, flags, io, progress.control) : pictures(inputs, io);
    progress.stop();
    const width = Math.min(
      WIDEST,
      asked.reduce((most, { name }) => Math.max(most, printable(name).length), 0),
    );
    for (let start = 0; start < asked.length; start += BATCH) {
      checkInterrupted(io.signal, "cli/predict");
      for (const answer of await answers(model, asked.slice(start, start + BATCH))) {
        if (answer instanceof GraftError) {
          failed++;
          io.stderr.write(`${answer.message.replace(/\s*[\r\n]+\s*/g, " ")}\n`);
        } else {
          io.stdout.write(flags.json ? `${JSON.stringify(answer)}\n` : line(answer, width));
        }
      }
    }
    if (failed > 0) throw fail("cli/predict", `${failed} of ${asked.length} ${model.kind} could not be read`);
  } finally {
    progress.stop();
    await model.release();
  }
}

function pictures(files: readonly string[], io: Io): Asked[] {
  return files.map((file) => ({ input: resolve(io.cwd, file), name: file }));
}

/** The texts of files, one a row or line, and those that were typed. */
async function texts(inputs: readonly string[], flags: PredictFlags, io: Io, control: RunControl): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const given of inputs) {
    const path = resolve(io.cwd, given);
    const extension = extname(given).toLowerCase();
    const isFile = await stat(path).then(
      (info) => info.isFile(),
      () => false,
    );
    // What looks like a file's name and is not there is more likely a slip than a text.
    if (!isFile && !(TEXT_FILES.has(extension) && !/\s/.test(given))) {
      if (given.trim() === "") throw fail("cli/predict", "expected a text or a file of texts; received an empty one");
      asked.push({ input: given.trim(), name: given.trim() });
      continue;
    }
    const { samples, skipped } =
      extension === ".txt"
        ? await textLines(path, { control })
        : await textList(path, { control, ...tableOptions(flags).table });
    for (const { path: row, reason } of skipped) io.stderr.write(`${printable(row)}: ${printable(reason)}\n`);
    for (const { text, pair, relative } of samples)
      asked.push({ input: pair === undefined ? text : [text, pair], name: text, place: relative });
  }
  return asked;
}

/** What is printed of an answer. */
interface Answer extends Prediction {
  readonly place?: string;
}

/** Answers in the order of what is asked; a sample that cannot be read gives its error. */
async function answers(model: LoadedBundle, asked: readonly Asked[]): Promise<(Answer | GraftError)[]> {
  try {
    const found = await model.predict(asked.map(({ input }) => input));
    return found.map((prediction, i) => {
      const { name, place } = asked[i]!;
      return { ...prediction, input: name, ...(place !== undefined && { place }) };
    });
  } catch (error) {
    if (!(error instanceof GraftError) || error.code !== "input") throw error;
    if (asked.length === 1) return [error];
  }
  // One of them is at fault: ask for each alone.
  const each: (Answer | GraftError)[] = [];
  for (const one of asked) each.push(...(await answers(model, [one])));
  return each;
}

function line({ input, label, score, scores }: Prediction, width: number): string {
  const others = Object.entries(scores)
    .filter(([name]) => name !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, RUNNERS_UP)
    .map(([name, p]) => `${printable(name)} ${percent(p)}`);
  const name = printable(input);
  const shown = name.length > WIDEST && width === WIDEST && / /.test(name) ? `${name.slice(0, WIDEST - 1)}…` : name;
  return `${shown.padEnd(width)}  ${printable(label)} ${percent(score)}  (${others.join(", ")})\n`;
}
