import { join, relative, resolve } from "node:path";
import { fail, type RunControl, seededRandom } from "@graft-ml/core";
import { imageFolder } from "@graft-ml/data";
import { checkTarget, readManifest, type TransferResult, transfer } from "graft-ml";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { EMOJI_CLASSES, readEmojiSet } from "../quickstart/emoji-sets.ts";
import { FROM_SCRATCH, fromScratch } from "../quickstart/from-scratch.ts";
import { conclusion, credits, type Outcome, outcomeJson, outcomeText } from "../quickstart/outcome.ts";
import { pairedDifference } from "../quickstart/paired-difference.ts";
import { pictureFolder } from "../quickstart/picture-folder.ts";
import { comparison } from "../report/comparison.ts";
import { reportPage } from "../report/page.ts";

const WHERE = "cli/quickstart";
const SHOWN = 5;

/** Flags as they are typed. */
export interface QuickstartFlags {
  readonly learn: string;
  readonly test: string;
  readonly seed: string;
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Draws the pictures, fits, compares with a model from scratch, predicts, reports. */
export async function quickstart(flags: QuickstartFlags, io: Io): Promise<void> {
  const seed = seedOf(flags.seed);
  const out = resolve(io.cwd, flags.out);
  await checkOut(out);
  const progress = watch(io, flags.quiet);
  try {
    const outcome = await play(flags, seed, out, progress.control);
    progress.stop();
    io.stdout.write(flags.json ? `${JSON.stringify(outcomeJson(outcome))}\n` : outcomeText(outcome, io));
  } finally {
    progress.stop();
  }
}

async function play(flags: QuickstartFlags, seed: number, out: string, control: RunControl): Promise<Outcome> {
  const started = performance.now();
  const [learn, test] = [await readEmojiSet(flags.learn), await readEmojiSet(flags.test)];
  const folder = await pictureFolder(learn, test, control);
  const dataset = await imageFolder(folder, { control });
  const result = await transfer({ data: dataset, seed, control });
  try {
    const { summary, testPredictions } = result;
    const baseline = await fromScratch(dataset, seed, control);
    const gain = pairedDifference(
      testPredictions.map(({ target, label }) => target === label),
      testPredictions.map(({ path }) => baseline.right.has(path)),
    );
    const { accuracy, interval } = summary.test;
    const transferred = { name: `transferred: ${summary.backbone}, ${summary.freezing}`, accuracy, interval };
    const scratch = { name: FROM_SCRATCH, accuracy: baseline.report.accuracy, interval: baseline.report.interval };
    const page = await reportPage({
      summary,
      testPredictions,
      title: `quickstart: learn from ${learn.title}, test on ${test.title}`,
      command: `graft quickstart --seed ${seed} --learn ${flags.learn} --test ${flags.test}`,
      extra: comparison("Is it better than from scratch?", conclusion(gain), [transferred, scratch]),
      credits: `Pictures: ${credits(learn, test)}.`,
    });
    const bundle = await result.save(out, { "report.html": page });
    const predictions = await samplePredictions(result, folder, seed);
    const seconds = (performance.now() - started) / 1000;
    const report = join(bundle, "report.html");
    return { learn, test, summary, transferred, scratch, gain, predictions, folder, bundle, report, seconds };
  } finally {
    await result.release();
  }
}

async function samplePredictions(
  result: TransferResult,
  folder: string,
  seed: number,
): Promise<Outcome["predictions"]> {
  const { classes } = result.summary.data;
  const drawn = seededRandom(seed)
    .fork(WHERE)
    .shuffle([...result.testPredictions])
    .slice(0, SHOWN);
  const predictions = await result.predict(drawn.map(({ path }) => path));
  return predictions.map((prediction, i) => ({
    ...prediction,
    input: relative(folder, prediction.input),
    truth: classes[drawn[i]!.target]!,
  }));
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(seed) || seed < 0) {
    throw fail(WHERE, `expected --seed to be an integer ≥ 0; received ${JSON.stringify(text)}`);
  }
  return seed;
}

/** An earlier quickstart is replaced; anybody's own bundle is not. */
async function checkOut(out: string): Promise<void> {
  await checkTarget(out);
  const manifest = await readManifest(out).catch(() => undefined);
  if (manifest === undefined) return;
  if (String(manifest.labels) !== String(EMOJI_CLASSES)) {
    throw fail(WHERE, `${out} holds a bundle that is no quickstart's. Choose another --out`);
  }
}
