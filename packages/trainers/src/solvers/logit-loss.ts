import type { Design } from "./design.ts";
import type { Evaluation } from "./lbfgs.ts";

/**
 * The loss of `softmaxLoss` for two classes over one column `[weights [columns], bias]`, at half its price. Nothing but the
 * difference of the two columns tells the classes apart, and at the minimum they are each other's negative, so the minimum
 * is sought among `[-u, u] / √2`: with this factor values, norms and gradients are those of the two columns.
 */
export function logitLoss(design: Design, c: number): (point: Float64Array) => Evaluation {
  const { rows, columns, labels, rowWeights } = design;
  const total = rowWeights.reduce((sum, weight) => sum + weight, 0);
  const scores = new Float64Array(4);
  return (point) => {
    const gradient = new Float64Array(columns + 1);
    const stored = design.toStored(point);
    let loss = 0;
    for (let first = 0; first < rows; first += 4) {
      const x = design.block(first);
      const width = design.width(first);
      addScores(scores, x, columns, width, stored);
      for (let r = 0; r < 4; r++) {
        const row = first + r;
        const weight = row < rows ? rowWeights[row]! / total : 0;
        const sign = labels[row] === 1 ? 1 : -1;
        const margin = sign * Math.SQRT2 * scores[r]!;
        // Neither sign of the margin may overflow.
        const small = Math.exp(-Math.abs(margin));
        loss += weight * (Math.log1p(small) + Math.max(0, -margin));
        const miss = (margin > 0 ? small : 1) / (1 + small);
        scores[r] = -weight * sign * Math.SQRT2 * miss;
        gradient[columns] = gradient[columns]! + scores[r]!;
      }
      addGradient(gradient, x, columns, width, scores);
    }
    design.fromStored(gradient);
    const penalty = 1 / (c * total);
    let squares = 0;
    for (let i = 0; i < columns; i++) {
      const w = point[i]!;
      squares += w * w;
      gradient[i] = gradient[i]! + penalty * w;
    }
    return { value: loss + (penalty / 2) * squares, gradient };
  };
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

/** `scores [4] = x [4, columns] · weights + bias`. */
function addScores(scores: Float64Array, x: Float64Array, columns: number, width: number, w: Float64Array): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  let [a0, a1, a2, a3] = [w[columns]!, w[columns]!, w[columns]!, w[columns]!];
  for (let j = 0; j < width; j++) {
    const value = w[j]!;
    a0 += x[j]! * value;
    a1 += x[q + j]! * value;
    a2 += x[r + j]! * value;
    a3 += x[s + j]! * value;
  }
  scores[0] = a0;
  scores[1] = a1;
  scores[2] = a2;
  scores[3] = a3;
}

/** `gradient [columns] += residuals [4] · x [4, columns]`. */
function addGradient(
  gradient: Float64Array,
  x: Float64Array,
  columns: number,
  width: number,
  residuals: Float64Array,
): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  const [a0, a1, a2, a3] = [residuals[0]!, residuals[1]!, residuals[2]!, residuals[3]!];
  for (let j = 0; j < width; j++) {
    gradient[j] = gradient[j]! + (a0 * x[j]! + a1 * x[q + j]! + (a2 * x[r + j]! + a3 * x[s + j]!));
  }
}
