import type { FreezingPlan, PlainOptions } from "@graft-ml/core";
import type { DataKind, TextDataset } from "@graft-ml/data";
import type { PhaseReport } from "./checkpoints/checkpoint-file.ts";

/** All that a run tells, as plain JSON: what `graft fit --json` prints and `graft.json` keeps. */
export interface RunSummary {
  /** Folder that the bundle was written to; missing until it is saved. */
  bundle?: string;
  readonly backbone: string;
  readonly freezing: string;
  readonly head: string;
  readonly seed: number;
  /** Which engine trained, and which ran the frozen part. A solved head names its solver. */
  readonly engine: { readonly train: string; readonly frozen: string };
  /** Layer groups. */
  readonly groups: { readonly frozen: number; readonly trained: number };
  /** `trained`: all that some phase trained. `most`: what the phase that trained most did. */
  readonly parameters: { readonly total: number; readonly trained: number; readonly most: number };
  /** Wall seconds. `decode` is what the frozen part waited for pictures (most of the decoding hides behind it), or cutting texts into tokens. */
  readonly seconds: {
    readonly decode: number;
    readonly features: number;
    readonly train: number;
    readonly total: number;
  };
  /** Samples found in and missing from the feature cache, and the bytes they take. */
  readonly cache: { readonly hits: number; readonly misses: number; readonly bytes: number };
  readonly train: {
    readonly samples: number;
    readonly epochs: number;
    /** Mean loss of each epoch, or the final objective of a solver. */
    readonly loss: readonly number[];
    /** Validation loss of each epoch; empty where nothing was held out. */
    readonly validation: readonly number[];
    /** How the head was fitted: solver and its chosen settings, or the optimizer's. */
    readonly method: Readonly<Record<string, unknown>>;
    /** The phases of the plan, one by one. */
    readonly phases: readonly PhaseReport[];
  };
  /** How training samples were varied, if they were; validation and test samples never are. */
  readonly augmentation?: AugmentationReport;
  /** How training samples were mixed, if they were. */
  readonly mixing?: { readonly name: string; readonly options: PlainOptions };
  readonly test: ClassificationReport;
  readonly plan: FreezingPlan;
  /** Initializers of the backbone, compared bit by bit: frozen ones and how many of them are as they were; thawed ones that changed. */
  readonly audit: {
    readonly frozen: number;
    readonly identical: number;
    readonly thawed: number;
    readonly changed: number;
  };
  /** Softmax temperature fitted on held-out data. */
  readonly temperature: number;
  readonly data: {
    readonly kind: DataKind;
    readonly folder: string;
    readonly classes: readonly string[];
    readonly fingerprint: string;
    readonly skipped: readonly { readonly path: string; readonly reason: string }[];
    readonly duplicates: number;
    /** Columns of a table that texts and classes were read from. */
    readonly columns?: TextDataset["columns"];
    /** Texts that lost their end because the backbone takes no more tokens. */
    readonly truncated?: number;
  };
}

/** What varied the training samples, and where: in the last phase, if there are several. */
export type AugmentationReport = {
  readonly applied: readonly { readonly name: string; readonly options: PlainOptions }[];
} & (
  | { readonly at: "every visit" }
  /** Views that are kept of each sample, the sample as it is among them: a visit shows one, a solver takes all. */
  | { readonly below: "frozen boundary"; readonly views: number }
);

/** A test sample as a person finds it again. */
export interface TestSample {
  /** File, or file and line: `/data/reviews.csv:17`. */
  readonly path: string;
  readonly text?: string;
  /** The second text of a pair. */
  readonly pair?: string;
}

/** Measures of a classifier on held-out samples. */
export interface ClassificationReport {
  readonly samples: number;
  readonly accuracy: number;
  /** 95 % interval of the accuracy (Wilson). */
  readonly interval: readonly [number, number];
  readonly macroF1: number;
  /** 95 % interval of macro-F1 (bootstrap). */
  readonly macroF1Interval: readonly [number, number];
  /** Expected calibration error, 15 bins. */
  readonly ece: number;
  readonly logLoss: number;
  readonly perClass: Readonly<
    Record<
      string,
      { readonly precision: number; readonly recall: number; readonly f1: number; readonly support: number }
    >
  >;
  /** Rows are true classes, columns predicted ones, both in the order of the classes. */
  readonly confusion: readonly (readonly number[])[];
  /** Reliability diagram: mean confidence, accuracy and count of each bin that is not empty. */
  readonly calibration: readonly { readonly confidence: number; readonly accuracy: number; readonly count: number }[];
}

/** One test sample with its prediction, for looking at mistakes. */
export interface TestPrediction extends TestSample {
  /** Class index. */
  readonly target: number;
  readonly label: number;
  readonly probabilities: Float32Array;
}

/** One prediction as `graft predict` prints it. */
export interface Prediction {
  /** Path of a picture, or a text. */
  readonly input: string;
  /** The second text of a pair. */
  readonly pair?: string;
  readonly label: string;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
}
