import { addColumnProducts, addRowProducts, panel } from "./row-products.ts";
import { allRows, type Samples } from "./samples.ts";
import { type Standardization, standardizedRows } from "./standardization.ts";
import {
  factorShifted,
  quadraticForm,
  type ShiftedFactor,
  solveShifted,
  type Tridiagonal,
  tridiagonalize,
} from "./tridiagonal.ts";

/** Ridge regression with an unpenalized intercept, ready for any λ. */
export interface RidgePath {
  /** `trace(Z Zᵀ) / n`: the scale on which λ is large or small. */
  readonly scale: number;
  /** For each λ the predictions `[samples, outputs]` of each sample by the fit to all others, exactly; one pass over the samples. */
  leaveOneOut(lambdas: readonly number[]): Float64Array[];
  /** Weights `[outputs, dims]` on the standardized features; the intercepts are the targets' means. */
  weights(lambda: number): Float64Array;
}

/** Rows that are turned into another basis at once. */
const CHUNK = 256;

/**
 * Prepares ridge regression of centred targets `[outputs, samples]` on standardized features `Z` in the smaller of the two
 * spaces. With the residuals `r` of the full fit and the hat matrix's diagonal `h`, leaving sample `i` out gives the residual
 * `rᵢ / (1 - hᵢ)` (Golub, Heath & Wahba 1979; Rifkin & Lippert 2007). One tridiagonalization serves all λ.
 */
export function ridgePath(
  samples: Samples,
  scaling: Standardization,
  targets: Float64Array,
  outputs: number,
): RidgePath {
  return samples.count <= samples.dims
    ? dualPath(samples, scaling, targets, outputs)
    : primalPath(samples, scaling, targets, outputs);
}

function dualPath(
  { features, count, dims }: Samples,
  scaling: Standardization,
  targets: Float64Array,
  outputs: number,
): RidgePath {
  const z = standardizedRows(features, dims, allRows(count), scaling);
  const rows = panel(z, count, dims);
  const gram = new Float64Array(count * count);
  addRowProducts(gram, rows, rows, dims, true);
  const scale = trace(gram, count) / count;
  const reduced = tridiagonalize(gram, count);
  const turned = turnTargets(targets, outputs, reduced);
  const basis = panel(reduced.basis, count, count);
  /** `(Z Zᵀ + λ I)⁻¹ Y`, `[samples, outputs]`. */
  const dualWeights = (factor: ShiftedFactor): Float64Array => {
    const out = new Float64Array(count * outputs);
    addRowProducts(out, basis, panel(solveEach(factor, turned, outputs), outputs, count), count);
    return out;
  };
  return {
    scale,
    leaveOneOut: (lambdas) =>
      lambdas.map((lambda) => {
        const factor = factorShifted(reduced, lambda);
        const predictions = dualWeights(factor);
        for (let i = 0; i < count; i++) {
          // 1 - hᵢ = λ gᵢᵢ - 1/n, and the full fit's residuals are λ times the dual weights.
          const own = quadraticForm(factor, reduced.basis.subarray(i * count, (i + 1) * count));
          const ratio = lambda / (lambda * own - 1 / count);
          for (let k = 0; k < outputs; k++) {
            predictions[i * outputs + k] = targets[k * count + i]! - ratio * predictions[i * outputs + k]!;
          }
        }
        return predictions;
      }),
    weights(lambda) {
      const alphas = dualWeights(factorShifted(reduced, lambda));
      const out = new Float64Array(outputs * dims);
      for (let i = 0; i < count; i++) addOuter(out, alphas, i * outputs, outputs, z, i * dims, dims);
      return out;
    },
  };
}

function primalPath(
  { features, count, dims }: Samples,
  scaling: Standardization,
  targets: Float64Array,
  outputs: number,
): RidgePath {
  const rows = allRows(count);
  const eachChunk = (visit: (z: Float64Array, start: number, length: number) => void): void => {
    for (let start = 0; start < count; start += CHUNK) {
      const part = rows.subarray(start, start + CHUNK);
      visit(standardizedRows(features, dims, part, scaling), start, part.length);
    }
  };
  const gram = new Float64Array(dims * dims);
  const products = new Float64Array(outputs * dims);
  eachChunk((z, start, length) => {
    addColumnProducts(gram, z, length, dims);
    for (let r = 0; r < length; r++) {
      const own = Float64Array.from({ length: outputs }, (_, k) => targets[k * count + start + r]!);
      addOuter(products, own, 0, outputs, z, r * dims, dims);
    }
  });
  const scale = trace(gram, dims) / count;
  const reduced = tridiagonalize(gram, dims);
  const basis = panel(reduced.basis, dims, dims);
  const transposed = panel(transpose(reduced.basis, dims), dims, dims);
  const turned = turnTargets(products, outputs, reduced);
  return {
    scale,
    leaveOneOut(lambdas) {
      const factors = lambdas.map((lambda) => factorShifted(reduced, lambda));
      const solved = factors.map((factor) => panel(solveEach(factor, turned, outputs), outputs, dims));
      const predictions = lambdas.map(() => new Float64Array(count * outputs));
      eachChunk((z, start, length) => {
        const q = new Float64Array(length * dims);
        addRowProducts(q, panel(z, length, dims), transposed, dims);
        predictions.forEach((all, l) => {
          const fitted = all.subarray(start * outputs, (start + length) * outputs);
          addRowProducts(fitted, panel(q, length, dims), solved[l]!, dims);
          for (let r = 0; r < length; r++) {
            const hat = 1 / count + quadraticForm(factors[l]!, q.subarray(r * dims, (r + 1) * dims));
            for (let k = 0; k < outputs; k++) {
              const target = targets[k * count + start + r]!;
              fitted[r * outputs + k] = target - (target - fitted[r * outputs + k]!) / (1 - hat);
            }
          }
        });
      });
      return predictions;
    },
    weights(lambda) {
      const out = new Float64Array(outputs * dims);
      const solved = solveEach(factorShifted(reduced, lambda), turned, outputs);
      addRowProducts(out, panel(solved, outputs, dims), basis, dims);
      return out;
    },
  };
}

/** Right-hand sides `[outputs, size]` in the basis of `T`. */
function turnTargets(b: Float64Array, outputs: number, { basis, size }: Tridiagonal): Float64Array {
  const out = new Float64Array(outputs * size);
  for (let k = 0; k < outputs; k++) {
    const row = out.subarray(k * size, (k + 1) * size);
    for (let i = 0; i < size; i++) {
      const value = b[k * size + i]!;
      for (let j = 0; j < size; j++) row[j] = row[j]! + value * basis[i * size + j]!;
    }
  }
  return out;
}

function solveEach(factor: ShiftedFactor, turned: Float64Array, outputs: number): Float64Array {
  const size = turned.length / outputs;
  const out = new Float64Array(turned.length);
  for (let k = 0; k < outputs; k++) out.set(solveShifted(factor, turned.subarray(k * size, (k + 1) * size)), k * size);
  return out;
}

function addOuter(
  out: Float64Array,
  a: Float64Array,
  aAt: number,
  outputs: number,
  z: Float64Array,
  zAt: number,
  dims: number,
): void {
  for (let k = 0; k < outputs; k++) {
    const value = a[aAt + k]!;
    for (let j = 0, o = k * dims; j < dims; j++, o++) out[o] = out[o]! + value * z[zAt + j]!;
  }
}

function trace(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i]!;
  return sum;
}

function transpose(matrix: Float64Array, size: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) out[j * size + i] = matrix[i * size + j]!;
  return out;
}
