import type { Design } from "./design.ts";
import type { Evaluation } from "./lbfgs.ts";

/** Turns the scores of one row, from `at` on, into weighted derivatives of its loss, and returns that loss, unweighted. */
export type ToResiduals = (scores: Float64Array, at: number, label: number, weight: number) => number;

/**
 * A penalized loss of linear scores over `[weights [outputs, columns], bias [outputs]]`, scaled to a mean so that tolerances
 * mean the same for any number of samples: `Σ sᵢ lossᵢ / S + ‖W‖² / (2 c S)`, `S = Σ sᵢ`; the bias is not penalized.
 */
export function linearLoss(
  design: Design,
  outputs: number,
  c: number,
  toResiduals: ToResiduals,
): (point: Float64Array) => Evaluation {
  const { rows, columns, labels, rowWeights } = design;
  const total = rowWeights.reduce((sum, weight) => sum + weight, 0);
  const scores = new Float64Array(4 * outputs);
  const biasAt = outputs * columns;
  return (point) => {
    const gradient = new Float64Array(point.length);
    const stored = design.toStored(point);
    let loss = 0;
    for (let first = 0; first < rows; first += 4) {
      const x = design.block(first);
      const width = design.width(first);
      addScores(scores, x, columns, width, stored, outputs);
      for (let r = 0; r < 4; r++) {
        const row = first + r;
        const weight = row < rows ? rowWeights[row]! / total : 0;
        loss += weight * toResiduals(scores, r * outputs, labels[row] ?? 0, weight);
        for (let k = 0; k < outputs; k++) gradient[biasAt + k] = gradient[biasAt + k]! + scores[r * outputs + k]!;
      }
      addGradient(gradient, x, columns, width, scores, outputs);
    }
    design.fromStored(gradient);
    const penalty = 1 / (c * total);
    let squares = 0;
    for (let i = 0; i < biasAt; i++) {
      const w = point[i]!;
      squares += w * w;
      gradient[i] = gradient[i]! + penalty * w;
    }
    return { value: loss + (penalty / 2) * squares, gradient };
  };
}

/** `scores [4, outputs] = x [4, columns] · weightsᵀ + bias`, two outputs at a time and a lone last one. */
function addScores(
  scores: Float64Array,
  x: Float64Array,
  columns: number,
  width: number,
  w: Float64Array,
  outputs: number,
): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  let k = 0;
  for (; k + 1 < outputs; k += 2) {
    const l = k + 1;
    const u = k * columns;
    const v = l * columns;
    const a = w[outputs * columns + k]!;
    const b = w[outputs * columns + l]!;
    let [a0, a1, a2, a3, b0, b1, b2, b3] = [a, a, a, a, b, b, b, b];
    for (let j = 0; j < width; j++) {
      const wa = w[u + j]!;
      const wb = w[v + j]!;
      const x0 = x[j]!;
      a0 += x0 * wa;
      b0 += x0 * wb;
      const x1 = x[q + j]!;
      a1 += x1 * wa;
      b1 += x1 * wb;
      const x2 = x[r + j]!;
      a2 += x2 * wa;
      b2 += x2 * wb;
      const x3 = x[s + j]!;
      a3 += x3 * wa;
      b3 += x3 * wb;
    }
    scores[k] = a0;
    scores[outputs + k] = a1;
    scores[2 * outputs + k] = a2;
    scores[3 * outputs + k] = a3;
    scores[l] = b0;
    scores[outputs + l] = b1;
    scores[2 * outputs + l] = b2;
    scores[3 * outputs + l] = b3;
  }
  if (k === outputs) return;
  const u = k * columns;
  const a = w[outputs * columns + k]!;
  let [a0, a1, a2, a3] = [a, a, a, a];
  for (let j = 0; j < width; j++) {
    const wa = w[u + j]!;
    a0 += x[j]! * wa;
    a1 += x[q + j]! * wa;
    a2 += x[r + j]! * wa;
    a3 += x[s + j]! * wa;
  }
  scores[k] = a0;
  scores[outputs + k] = a1;
  scores[2 * outputs + k] = a2;
  scores[3 * outputs + k] = a3;
}

/** `gradient [outputs, columns] += residualsᵀ [outputs, 4] · x [4, columns]`, two outputs at a time and a lone last one. */
function addGradient(
  gradient: Float64Array,
  x: Float64Array,
  columns: number,
  width: number,
  residuals: Float64Array,
  outputs: number,
): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  let k = 0;
  for (; k + 1 < outputs; k += 2) {
    const a0 = residuals[k]!;
    const a1 = residuals[outputs + k]!;
    const a2 = residuals[2 * outputs + k]!;
    const a3 = residuals[3 * outputs + k]!;
    const b0 = residuals[k + 1]!;
    const b1 = residuals[outputs + k + 1]!;
    const b2 = residuals[2 * outputs + k + 1]!;
    const b3 = residuals[3 * outputs + k + 1]!;
    const u = k * columns;
    const v = u + columns;
    for (let j = 0; j < width; j++) {
      const x0 = x[j]!;
      const x1 = x[q + j]!;
      const x2 = x[r + j]!;
      const x3 = x[s + j]!;
      gradient[u + j] = gradient[u + j]! + (a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3));
      gradient[v + j] = gradient[v + j]! + (b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3));
    }
  }
  if (k === outputs) return;
  const a0 = residuals[k]!;
  const a1 = residuals[outputs + k]!;
  const a2 = residuals[2 * outputs + k]!;
  const a3 = residuals[3 * outputs + k]!;
  const u = k * columns;
  for (let j = 0; j < width; j++) {
    gradient[u + j] = gradient[u + j]! + (a0 * x[j]! + a1 * x[q + j]! + (a2 * x[r + j]! + a3 * x[s + j]!));
  }
}
