import { relative } from "node:path";
import type { Prediction, RunSummary } from "graft-ml";
import { duration, percent, percentRange } from "../format.ts";
import type { Io } from "../io.ts";
import type { Arm } from "../report/comparison.ts";
import { majorityShare } from "../report-text.ts";
import { facts, table } from "../tables.ts";
import type { EmojiSet } from "./emoji-sets.ts";
import type { PairedDifference } from "./paired-difference.ts";

const CAVEAT =
  "From scratch is a linear model on pixels here, not a network trained from random weights: a low bar, and it says so.";

/** What a quickstart has come to. */
export interface Outcome {
  readonly learn: EmojiSet;
  readonly test: EmojiSet;
  readonly summary: RunSummary;
  readonly transferred: Arm;
  readonly scratch: Arm;
  readonly gain: PairedDifference;
  readonly predictions: readonly (Prediction & { readonly truth: string })[];
  /** Folder of the pictures. */
  readonly folder: string;
  readonly bundle: string;
  readonly report: string;
  readonly seconds: number;
}

/** The outcome as plain JSON. */
export function outcomeJson({ summary, scratch, gain, predictions, bundle, report, seconds }: Outcome): unknown {
  const { name, ...measured } = scratch;
  return { fit: { ...summary, bundle }, fromScratch: { is: name, ...measured }, gain, predictions, report, seconds };
}

/** The outcome as a person reads it. */
export function outcomeText(outcome: Outcome, io: Io): string {
  const { learn, test, summary, transferred, scratch, predictions } = outcome;
  const near = (path: string): string => (relative(io.cwd, path).startsWith("..") ? path : relative(io.cwd, path));
  const measured = [transferred, scratch].map(({ name, accuracy, interval }) => [
    name,
    percent(accuracy),
    percentRange(interval),
  ]);
  const floors = [
    ["always the commonest class", percent(majorityShare(summary.test)), ""],
    ["guessing", percent(1 / summary.data.classes.length), ""],
  ];
  const answers = predictions.map(({ input, truth, label, score }) => [input, truth, label, percent(score)]);
  return `Learned five kinds of things from ${summary.train.samples} emoji of ${learn.title}; tested on ${summary.test.samples} of ${test.title},
another artist's drawings of much the same things.

${table(io, ["on the test pictures", "accuracy", "95 % interval"], [...measured, ...floors])}
${conclusion(outcome.gain)}

${table(io, ["picture", "is", "answer", "score"], answers)}
${facts(io, [
  ["time", duration(outcome.seconds)],
  ["bundle", near(outcome.bundle)],
  ["report", near(outcome.report)],
  ["pictures", `${outcome.folder} (${credits(learn, test)})`],
])}
next: graft fit <a folder with one folder of pictures a class>
`;
}

/** Whether pretraining helped, in a sentence, and how low the bar was. */
export function conclusion({ difference, interval: [low, high] }: PairedDifference): string {
  const points = (share: number): string => `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(1)}`;
  const verdict =
    low > 0 ? "Yes: pretraining helps" : high < 0 ? "No: pretraining hurts here" : "Undecided on these pictures";
  return `${verdict}, ${points(difference)} points of accuracy (95 % interval ${points(low)} to ${points(high)}). ${CAVEAT}`;
}

/** Whose the pictures are and under which licence. */
export function credits(...sets: readonly EmojiSet[]): string {
  return sets.map(({ title, licence }) => `${title}, ${licence}`).join("; ");
}
