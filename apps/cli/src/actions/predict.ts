import { resolve } from "node:path";
import { checkInterrupted, fail, GraftError } from "@graft-ml/core";
import { type LoadedBundle, load, type Prediction } from "graft-ml";
import { percent, printable } from "../format.ts";
import type { Io } from "../io.ts";

const BATCH = 32;
const RUNNERS_UP = 2;

/** Classifies files batch after batch and prints each answer as it comes, under the name that the user gave. */
export async function predict(
  bundle: string,
  files: readonly string[],
  flags: { json?: boolean },
  io: Io,
): Promise<void> {
  const model = await load(resolve(io.cwd, bundle));
  const width = Math.min(60, Math.max(...files.map((file) => printable(file).length)));
  let failed = 0;
  try {
    for (let start = 0; start < files.length; start += BATCH) {
      checkInterrupted(io.signal, "cli/predict");
      for (const answer of await answers(model, files.slice(start, start + BATCH), io)) {
        if (answer instanceof GraftError) {
          failed++;
          io.stderr.write(`${answer.message.replace(/\s*[\r\n]+\s*/g, " ")}\n`);
        } else {
          io.stdout.write(flags.json ? `${JSON.stringify(answer)}\n` : line(answer, width));
        }
      }
    }
  } finally {
    await model.release();
  }
  if (failed > 0) throw fail("cli/predict", `${failed} of ${files.length} pictures could not be read`);
}

/** Answers in the order of the files; a file that cannot be read gives its error. */
async function answers(model: LoadedBundle, files: readonly string[], io: Io): Promise<(Prediction | GraftError)[]> {
  const named = (predictions: readonly Prediction[], names: readonly string[]): Prediction[] =>
    predictions.map((prediction, i) => ({ ...prediction, input: names[i]! }));
  try {
    return named(await model.predict(files.map((file) => resolve(io.cwd, file))), files);
  } catch (error) {
    if (!(error instanceof GraftError) || error.code !== "input") throw error;
    if (files.length === 1) return [error];
  }
  // One of them is at fault: ask for each alone.
  const each: (Prediction | GraftError)[] = [];
  for (const file of files) each.push(...(await answers(model, [file], io)));
  return each;
}

function line({ input, label, score, scores }: Prediction, width: number): string {
  const others = Object.entries(scores)
    .filter(([name]) => name !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, RUNNERS_UP)
    .map(([name, p]) => `${printable(name)} ${percent(p)}`);
  return `${printable(input).padEnd(width)}  ${printable(label)} ${percent(score)}  (${others.join(", ")})\n`;
}
