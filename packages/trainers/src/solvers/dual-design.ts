import { choleskyPivoted, solveUpper } from "./cholesky.ts";
import { type Design, type DesignInput, pickTargets } from "./design.ts";
import { addRowProducts, mirror, panel } from "./row-products.ts";
import { type Standardization, standardizedRows } from "./standardization.ts";

/**
 * Fewer samples than features: by the representer theorem the best weights are `W = Zᵀ A`, and with `Z Zᵀ = L Lᵀ` the
 * substitution `V = Lᵀ A` gives scores `L V` and the penalty `‖W‖² = ‖V‖²`. So the rows of the triangular `L` are a
 * design with the same optimum, at most half as large as `[samples, samples]`.
 */
export function dualDesign(input: DesignInput, scaling: Standardization): Design {
  const { features, dims, train, heldOut } = input;
  const rows = train.length;
  const z = standardizedRows(features, dims, train, scaling);
  const trained = panel(z, rows, dims);
  const gram = new Float64Array(rows * rows);
  addRowProducts(gram, trained, trained, dims, true);
  mirror(gram, rows);
  const held = standardizedRows(features, dims, heldOut, scaling);
  const cross = new Float64Array(heldOut.length * rows);
  addRowProducts(cross, panel(held, heldOut.length, dims), trained, dims);

  const factor = choleskyPivoted(gram, rows);
  const { lower, pivots, rank } = factor;
  // Rows in the order of elimination: row p has p + 1 leading entries, so that blocks of neighbours are equally short.
  const design = new Float64Array((rows + 3) * rank);
  pivots.forEach((row, p) => {
    design.set(lower.subarray(row * rows, row * rows + Math.min(p + 1, rank)), p * rank);
  });
  const dualWeights = (weights: Float64Array, k: number): Float64Array =>
    solveUpper(factor, weights.subarray(k * rank, (k + 1) * rank));

  return {
    rows,
    columns: rank,
    ...pickTargets(
      input,
      Int32Array.from(pivots, (p) => train[p]!),
    ),
    block: (first) => design.subarray(first * rank, (first + 4) * rank),
    width: (first) => Math.min(first + 4, rank),
    toStored: (point) => point,
    fromStored: () => undefined,
    toFeatures(weights, classes) {
      const out = new Float64Array(classes * dims);
      for (let k = 0; k < classes; k++) {
        const alpha = dualWeights(weights, k);
        for (let p = 0; p < rank; p++) {
          const row = pivots[p]!;
          for (let j = 0; j < dims; j++) out[k * dims + j] = out[k * dims + j]! + alpha[row]! * z[row * dims + j]!;
        }
      }
      return out;
    },
    heldOutScores(weights, classes) {
      const alphas = new Float64Array(classes * rows);
      for (let k = 0; k < classes; k++) alphas.set(dualWeights(weights, k), k * rows);
      const scores = new Float64Array(heldOut.length * classes);
      addRowProducts(scores, panel(cross, heldOut.length, rows), panel(alphas, classes, rows), rows);
      return scores;
    },
  };
}
