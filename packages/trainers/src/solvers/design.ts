/** What the logistic loss reads: standardized samples in some basis, served in blocks of four. */
export interface Design {
  readonly rows: number;
  readonly columns: number;
  /** Class number of each row. */
  readonly labels: Int32Array;
  /** Weight of each row. */
  readonly rowWeights: Float64Array;
  /**
   * Four rows from `first` on, row-major `[4, columns]`, as they are stored: `toStored` and `fromStored` make up for what
   * standardization does to them. Those past the end are zero. Valid until the next call.
   */
  block(first: number): Float64Array;
  /** The leading columns of that block beyond which it is zero. */
  width(first: number): number;
  /** `[weights [classes, columns], bias [classes]]` as those that score stored rows alike. */
  toStored(point: Float64Array): Float64Array;
  /** A gradient in the weights of stored rows as the one in those of standardized rows, in place. */
  fromStored(gradient: Float64Array): void;
  /** Weights `[classes, columns]` of this basis as weights `[classes, dims]` of the standardized features. */
  toFeatures(weights: Float64Array, classes: number): Float64Array;
  /** Scores `[held-out rows, classes]`, without bias. */
  heldOutScores(weights: Float64Array, classes: number): Float64Array;
}

/** The samples of one fit: `train` rows are learned, `heldOut` rows only scored. */
export interface DesignInput {
  readonly features: Float32Array;
  readonly dims: number;
  readonly labels: ArrayLike<number>;
  readonly sampleWeights: ArrayLike<number> | undefined;
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/** Labels and weights of the training rows in a given order. */
export function pickTargets(input: DesignInput, rows: ArrayLike<number>): Pick<Design, "labels" | "rowWeights"> {
  return {
    labels: Int32Array.from(rows, (row) => input.labels[row]!),
    rowWeights: Float64Array.from(rows, (row) => input.sampleWeights?.[row] ?? 1),
  };
}
