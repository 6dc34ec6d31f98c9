import { join, relative, resolve } from "node:path";
import { fail, seededRandom } from "@graft-ml/core";
import { imageFolder } from "@graft-ml/data";
import { checkTarget, readManifest, transfer } from "graft-ml";
import { duration, percent, percentRange } from "../format.ts";
import type { Io } from "../io.ts";
import { watch } from "../progress.ts";
import { EMOJI_CLASSES, readEmojiSet } from "../quickstart/emoji-sets.ts";
import { FROM_SCRATCH, fromScratch } from "../quickstart/from-scratch.ts";
import { type PairedDifference, pairedDifference } from "../quickstart/paired-difference.ts";
import { pictureFolder } from "../quickstart/picture-folder.ts";
import { type Arm, comparison } from "../report/comparison.ts";
import { reportPage } from "../report/page.ts";
import { majorityShare } from "../report-text.ts";
import { facts, table } from "../tables.ts";

const WHERE = "cli/quickstart";
const SHOWN = 5;
const CAVEAT =
  "From scratch is a linear model on pixels here, not a network trained from random weights: a low bar, and it says so.";

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
  const started = performance.now();
  const seed = seedOf(flags.seed);
  const out = resolve(io.cwd, flags.out);
  await checkOut(out);
  const progress = watch(io, flags.quiet);
  const { control } = progress;
  try {
    const [learn, test] = [await readEmojiSet(flags.learn), await readEmojiSet(flags.test)];
    const folder = await pictureFolder(learn, test, control);
    const dataset = await imageFolder(folder, { control });
    const result = await transfer({ data: dataset, seed, control });
    try {
      const { summary, testPredictions } = result;
      const scratch = await fromScratch(dataset, seed, control);
      progress.stop();
      const gain = pairedDifference(
        testPredictions.map(({ target, label }) => target === label),
        testPredictions.map(({ path }) => scratch.right.has(path)),
      );
      const arms: Arm[] = [
        {
          name: `transferred: ${summary.backbone}, ${summary.freezing}`,
          accuracy: summary.test.accuracy,
          interval: summary.test.interval,
        },
        { name: FROM_SCRATCH, accuracy: scratch.report.accuracy, interval: scratch.report.interval },
      ];
      const title = `quickstart: learn from ${learn.title}, test on ${test.title}`;
      const command = ["graft quickstart --seed", seed, "--learn", flags.learn, "--test", flags.test].join(" ");
      const extra = comparison("Is it better than from scratch?", conclusion(gain), arms);
      const bundle = await result.save(out, {
        "report.html": await reportPage({ summary, testPredictions, command, extra, title }),
      });
      const samples = seededRandom(seed)
        .fork(WHERE)
        .shuffle([...testPredictions])
        .slice(0, SHOWN);
      const predictions = (await result.predict(samples.map(({ path }) => path))).map((prediction, i) => ({
        ...prediction,
        input: relative(folder, prediction.input),
        truth: dataset.classes[samples[i]!.target]!,
      }));
      const report = join(bundle, "report.html");
      const seconds = (performance.now() - started) / 1000;
      if (flags.json) {
        const { accuracy, interval } = scratch.report;
        const fromScratchArm = { is: FROM_SCRATCH, accuracy, interval };
        io.stdout.write(
          `${JSON.stringify({ fit: { ...summary, bundle }, fromScratch: fromScratchArm, gain, predictions, report, seconds })}\n`,
        );
        return;
      }
      const near = (path: string): string => (relative(io.cwd, path).startsWith("..") ? path : relative(io.cwd, path));
      io.stdout.write(
        [
          `Learned five kinds of things from ${summary.train.samples} emoji of ${learn.title}; tested on ${summary.test.samples} of ${test.title},\nanother artist's drawings of much the same things.\n\n`,
          table(
            io,
            ["on the test pictures", "accuracy", "95 % interval"],
            [
              ...arms.map(({ name, accuracy, interval }) => [name, percent(accuracy), percentRange(interval)]),
              ["always the commonest class", percent(majorityShare(summary.test)), ""],
              ["guessing", percent(1 / dataset.classes.length), ""],
            ],
          ),
          `\n${conclusion(gain)}\n\n`,
          table(
            io,
            ["picture", "is", "answer", "score"],
            predictions.map(({ input, truth, label, score }) => [input, truth, label, percent(score)]),
          ),
          "\n",
          facts(io, [
            ["time", duration(seconds)],
            ["bundle", near(bundle)],
            ["report", near(report)],
            ["pictures", folder],
          ]),
          "\nnext: graft fit <a folder with one folder of pictures a class>\n",
        ].join(""),
      );
    } finally {
      await result.release();
    }
  } finally {
    progress.stop();
  }
}

function conclusion({ difference, interval: [low, high] }: PairedDifference): string {
  const points = (share: number): string => `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(1)}`;
  const verdict =
    low > 0 ? "Yes: pretraining helps" : high < 0 ? "No: pretraining hurts here" : "Undecided on these pictures";
  return `${verdict}, ${points(difference)} points of accuracy (95 % interval ${points(low)} to ${points(high)}). ${CAVEAT}`;
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
