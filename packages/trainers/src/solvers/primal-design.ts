import { type Design, type DesignInput, pickTargets } from "./design.ts";
import { addRowProducts, panel } from "./row-products.ts";
import { type Standardization, standardizedRows } from "./standardization.ts";

/** Rows scored at once, so that many held-out samples need no copy of their features. */
const CHUNK = 256;

/** The standardized features themselves, made four rows at a time: memory does not grow with the samples. */
export function primalDesign(input: DesignInput, scaling: Standardization): Design {
  const { features, dims, train, heldOut } = input;
  const scratch = new Float64Array(4 * dims);
  return {
    rows: train.length,
    columns: dims,
    ...pickTargets(input, train),
    block(first) {
      const rows = train.subarray(first, first + 4);
      if (rows.length < 4) scratch.fill(0);
      return standardizedRows(features, dims, rows, scaling, scratch);
    },
    width: () => dims,
    toFeatures: (weights, classes) => weights.slice(0, classes * dims),
    heldOutScores(weights, classes) {
      const scores = new Float64Array(heldOut.length * classes);
      for (let start = 0; start < heldOut.length; start += CHUNK) {
        const rows = heldOut.subarray(start, start + CHUNK);
        const x = standardizedRows(features, dims, rows, scaling);
        const part = scores.subarray(start * classes, (start + rows.length) * classes);
        addRowProducts(part, panel(x, rows.length, dims), panel(weights, classes, dims), dims);
      }
      return scores;
    },
  };
}
