import { type Design, type DesignInput, pickTargets } from "./design.ts";
import { addRowProducts, panel } from "./row-products.ts";
import { type Standardization, standardizedRows } from "./standardization.ts";

/** Rows scored at once, so that many held-out samples need no copy of their features. */
const CHUNK = 256;

/**
 * The features themselves, four rows at a time: memory does not grow with the samples. Standardizing each of them in every
 * evaluation would take longer than the loss; it is done to the weights, `w·(x - m)∘v = (w∘v)·x - (w∘v)·m`.
 */
export function primalDesign(input: DesignInput, scaling: Standardization): Design {
  const { features, dims, train, heldOut } = input;
  const { mean, inverse } = scaling;
  const scratch = new Float64Array(4 * dims);
  return {
    rows: train.length,
    columns: dims,
    ...pickTargets(input, train),
    block(first) {
      for (let r = 0; r < 4; r++) {
        const row = train[first + r];
        if (row === undefined) scratch.fill(0, r * dims, (r + 1) * dims);
        else scratch.set(features.subarray(row * dims, (row + 1) * dims), r * dims);
      }
      return scratch;
    },
    width: () => dims,
    toStored(point) {
      const out = point.slice();
      const classes = point.length / (dims + 1);
      for (let k = 0; k < classes; k++) {
        let shift = 0;
        for (let j = 0; j < dims; j++) {
          const value = point[k * dims + j]! * inverse[j]!;
          out[k * dims + j] = value;
          shift += value * mean[j]!;
        }
        out[classes * dims + k] = point[classes * dims + k]! - shift;
      }
      return out;
    },
    fromStored(gradient) {
      const classes = gradient.length / (dims + 1);
      for (let k = 0; k < classes; k++) {
        const bias = gradient[classes * dims + k]!;
        for (let j = 0, o = k * dims; j < dims; j++, o++) gradient[o] = (gradient[o]! - bias * mean[j]!) * inverse[j]!;
      }
    },
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
