import type { FreezingPlan } from "@graft-ml/core";

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
  readonly parameters: { readonly total: number; readonly trained: number };
  /** Wall seconds. `decode` is what the frozen part waited for pictures: most of the decoding hides behind it. */
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
  };
  readonly test: ClassificationReport;
  readonly plan: FreezingPlan;
  /** Softmax temperature fitted on held-out data. */
  readonly temperature: number;
  readonly data: {
    readonly folder: string;
    readonly classes: readonly string[];
    readonly fingerprint: string;
    readonly skipped: readonly { readonly path: string; readonly reason: string }[];
    readonly duplicates: number;
  };
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
export interface TestPrediction {
  readonly path: string;
  /** Class index. */
  readonly target: number;
  readonly label: number;
  readonly probabilities: Float32Array;
}

/** One prediction as `graft predict` prints it. */
export interface Prediction {
  readonly input: string;
  readonly label: string;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
}
