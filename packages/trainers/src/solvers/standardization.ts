/**
 * How features are scaled after centring: *common* divides all by one number, so that the mean variance is 1 and what the
 * backbone made large stays large; *each* gives every feature unit variance; *none* leaves them.
 */
export type Scaling = "common" | "each" | "none";

/** All scalings, for checking options. */
export const SCALINGS: readonly Scaling[] = ["common", "each", "none"];

/** Features are shifted by `mean` and multiplied by `inverse` before a solver sees them. */
export interface Standardization {
  readonly mean: Float64Array;
  /** One over the standard deviation; 1 for a constant feature. */
  readonly inverse: Float64Array;
}

/** Mean and population deviation of the given rows, in two passes. */
export function standardization(
  features: Float32Array,
  dims: number,
  rows: ArrayLike<number>,
  scaling: Scaling,
): Standardization {
  const mean = new Float64Array(dims);
  for (let r = 0; r < rows.length; r++) {
    const offset = rows[r]! * dims;
    for (let j = 0; j < dims; j++) mean[j] = mean[j]! + features[offset + j]!;
  }
  for (let j = 0; j < dims; j++) mean[j] = mean[j]! / rows.length;
  const inverse = new Float64Array(dims).fill(1);
  if (scaling === "none") return { mean, inverse };
  const squares = new Float64Array(dims);
  for (let r = 0; r < rows.length; r++) {
    const offset = rows[r]! * dims;
    for (let j = 0; j < dims; j++) {
      const difference = features[offset + j]! - mean[j]!;
      squares[j] = squares[j]! + difference * difference;
    }
  }
  if (scaling === "common") {
    const variance = squares.reduce((sum, square) => sum + square, 0) / (rows.length * dims);
    return { mean, inverse: inverse.fill(variance > 0 ? 1 / Math.sqrt(variance) : 1) };
  }
  for (let j = 0; j < dims; j++) {
    const deviation = Math.sqrt(squares[j]! / rows.length);
    // A deviation at the rounding error of the mean is a constant feature's (as in scikit-learn's scaler).
    if (deviation > 10 * Number.EPSILON * Math.abs(mean[j]!)) inverse[j] = 1 / deviation;
  }
  return { mean, inverse };
}

/** Standardized rows, row-major `[rows, dims]`. */
export function standardizedRows(
  features: Float32Array,
  dims: number,
  rows: ArrayLike<number>,
  { mean, inverse }: Standardization,
  out: Float64Array = new Float64Array(rows.length * dims),
): Float64Array {
  for (let r = 0; r < rows.length; r++) {
    const from = rows[r]! * dims;
    const to = r * dims;
    for (let j = 0; j < dims; j++) out[to + j] = (features[from + j]! - mean[j]!) * inverse[j]!;
  }
  return out;
}

/** Weights `[classes, dims]` and bias for standardized features, folded so that they take raw ones: `[dims, classes]`, `[classes]`. */
export function foldStandardization(
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  { mean, inverse }: Standardization,
): { weight: Float32Array; bias: Float32Array } {
  const dims = mean.length;
  const classes = bias.length;
  const weight = new Float32Array(dims * classes);
  const folded = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    let shift = 0;
    for (let j = 0; j < dims; j++) {
      const value = weights[k * dims + j]! * inverse[j]!;
      weight[j * classes + k] = value;
      shift += value * mean[j]!;
    }
    folded[k] = bias[k]! - shift;
  }
  return { weight, bias: folded };
}
