import type { Design } from "./design.ts";
import type { Evaluation } from "./lbfgs.ts";
import { linearLoss } from "./linear-loss.ts";

/**
 * The loss of `softmaxLoss` for two classes over one column `[weights [columns], bias]`, at half its price. Nothing but the
 * difference of the two columns tells the classes apart, and at the minimum they are each other's negative, so the minimum
 * is sought among `[-u, u] / √2`: with this factor values, norms and gradients are those of the two columns.
 */
export function logitLoss(design: Design, c: number): (point: Float64Array) => Evaluation {
  return linearLoss(design, 1, c, (scores, at, label, weight) => {
    const sign = label === 1 ? 1 : -1;
    const margin = sign * Math.SQRT2 * scores[at]!;
    // Neither sign of the margin may overflow.
    const small = Math.exp(-Math.abs(margin));
    const miss = (margin > 0 ? small : 1) / (1 + small);
    scores[at] = -weight * sign * Math.SQRT2 * miss;
    return Math.log1p(small) + Math.max(0, -margin);
  });
}

/** Two columns `[weights [2, columns], bias [2]]` as the one that tells them apart. */
export function oneColumn(point: Float64Array): Float64Array {
  const columns = point.length / 2 - 1;
  const half = (at: number, to: number): number => (point[to]! - point[at]!) / Math.SQRT2;
  return Float64Array.from({ length: columns + 1 }, (_, i) =>
    i < columns ? half(i, columns + i) : half(2 * columns, 2 * columns + 1),
  );
}

/** The two columns that one stands for. */
export function twoColumns(point: Float64Array): Float64Array {
  const columns = point.length - 1;
  const half = (k: number, i: number): number => ((k === 0 ? -1 : 1) * point[i]!) / Math.SQRT2;
  return Float64Array.from({ length: 2 * point.length }, (_, i) =>
    i < 2 * columns ? half(Math.floor(i / columns), i % columns) : half(i - 2 * columns, columns),
  );
}
