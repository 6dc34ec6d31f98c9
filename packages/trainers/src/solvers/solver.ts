import type { RunControl } from "@graft-ml/core";

/** An affine map from raw features to class scores, found without iterating over mini-batches. */
export interface LinearSolution<Details = SolverDetails> {
  /** Row-major `[features, classes]`. */
  readonly weight: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;
  /** Scores `[samples, classes]` of each training sample by a fit that has not seen it; left out where the solver has none. */
  readonly outOfFold?: Float64Array;
  readonly details: Details;
}

/** What a solver says about its fit: plain JSON. */
export type SolverDetails = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** What every solver may be told for one fit. */
export interface SolverOptions {
  /** Weight of each sample, `[samples]`. Default: 1 each. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Rows of one number are views of one sample, of one class: no fold may hold some of them out and fit others, `[samples]`. */
  readonly groups?: ArrayLike<number>;
  /** Draws the folds. Default: 0. */
  readonly seed?: number | string;
  readonly control?: RunControl;
}

/** Fits a linear classifier to features `[samples, dims]` whose labels are class numbers. */
export interface Solver {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** Whether rows may be views of one sample, told by `groups`. Default: true. */
  readonly takesViews?: boolean;
  fit(features: Float32Array, labels: Int32Array, classes: number, options?: SolverOptions): Promise<LinearSolution>;
}
