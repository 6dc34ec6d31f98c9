import { choleskyPivoted, solveLower, solveUpper } from "./cholesky.ts";
import { addColumnProducts, mirror } from "./row-products.ts";
import type { Samples } from "./samples.ts";
import { type Scaling, standardization, standardizedRows } from "./standardization.ts";

/** Rows that are standardized at once. */
const CHUNK = 256;
/** Rows a feature that tell the second moments well enough: more would not make fits shorter. */
const ROWS_PER_FEATURE = 16;
/** The `[dims, dims]` matrices stay under 40 MB. */
const MAX_DIMS = 2048;
/** Least shift, as a share of the largest second moment: dependent features must not make the factor singular. */
const MIN_SHIFT = 1e-9;
/** Scores that are certain of everything have none. */
const MIN_CURVATURE = 1e-6;

/** Multiplies `[weights [columns, dims], bias [columns]]` by an approximate inverse Hessian. */
export type Precondition = (vector: Float64Array) => Float64Array;

/** Makes a preconditioner for losses of a given curvature and penalty. */
export type Preconditioner = (curvature: number, penalty: number) => Precondition;

/**
 * The Hessian of the logistic loss is about `h ZᵀZ / S + λ I` for every class, where `h` is the mean curvature of a sample's
 * loss in its scores and `Z` are the standardized samples: its inverse makes all directions of the features alike, so that
 * L-BFGS needs few steps however the features correlate. The second moments `ZᵀZ / S` of all samples serve every fold; they
 * decide how long a fit takes, never what it finds. `undefined` where they would cost more than they save.
 */
export function preconditioner(
  { features, dims, count }: Samples,
  sampleWeights: ArrayLike<number> | undefined,
  scaling: Scaling,
): Preconditioner | undefined {
  if (dims > MAX_DIMS) return undefined;
  const every = Math.max(1, Math.floor(count / (ROWS_PER_FEATURE * dims)));
  const rows = Int32Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
  const standard = standardization(features, dims, rows, scaling);
  const moments = new Float64Array(dims * dims);
  let total = 0;
  for (let start = 0; start < rows.length; start += CHUNK) {
    const part = rows.subarray(start, start + CHUNK);
    const x = standardizedRows(features, dims, part, standard);
    part.forEach((row, r) => {
      const weight = sampleWeights?.[row] ?? 1;
      total += weight;
      if (weight === 1) return;
      const root = Math.sqrt(weight);
      for (let o = r * dims; o < (r + 1) * dims; o++) x[o] = x[o]! * root;
    });
    addColumnProducts(moments, x, part.length, dims);
  }
  if (total === 0) return undefined;
  mirror(moments, dims);
  let most = 0;
  for (let j = 0; j < dims; j++) most = Math.max(most, moments[j * dims + j]!);
  return (curvature, penalty) => {
    const h = Math.max(curvature, MIN_CURVATURE);
    const scale = h / total;
    const matrix = moments.map((value) => scale * value);
    const shift = Math.max(penalty, MIN_SHIFT * scale * most);
    for (let j = 0; j < dims; j++) matrix[j * dims + j] = matrix[j * dims + j]! + shift;
    const factor = choleskyPivoted(matrix, dims);
    return (vector) => {
      const columns = vector.length / (dims + 1);
      const out = vector.map((value) => value / h);
      for (let k = 0; k < columns; k++) {
        const side = vector.subarray(k * dims, (k + 1) * dims);
        out.set(solveUpper(factor, solveLower(factor, side)), k * dims);
      }
      return out;
    };
  };
}
