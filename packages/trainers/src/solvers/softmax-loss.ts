import type { Design } from "./design.ts";
import type { Evaluation } from "./lbfgs.ts";

/**
 * The penalized multinomial loss over `[weights [classes, columns], bias [classes]]`, scaled to a mean so that tolerances
 * mean the same for any number of samples: `Σ sᵢ lossᵢ / S + ‖W‖² / (2 c S)`, `S = Σ sᵢ`; the bias is not penalized.
 * Times `c S` it is scikit-learn's `C Σ sᵢ lossᵢ + ½ ‖W‖²`.
 */
export function softmaxLoss(design: Design, classes: number, c: number): (point: Float64Array) => Evaluation {
  const { rows, columns, labels, rowWeights } = design;
  const total = rowWeights.reduce((sum, weight) => sum + weight, 0);
  const scores = new Float64Array(4 * classes);
  const biasAt = classes * columns;
  return (point) => {
    const gradient = new Float64Array(point.length);
    const stored = design.toStored(point);
    let loss = 0;
    for (let first = 0; first < rows; first += 4) {
      const x = design.block(first);
      const width = design.width(first);
      addScores(scores, x, columns, width, stored, classes);
      for (let r = 0; r < 4; r++) {
        const row = first + r;
        const weight = row < rows ? rowWeights[row]! / total : 0;
        loss += weight * toResiduals(scores, r * classes, classes, labels[row] ?? 0, weight);
        for (let k = 0; k < classes; k++) gradient[biasAt + k] = gradient[biasAt + k]! + scores[r * classes + k]!;
      }
      addGradient(gradient, x, columns, width, scores, classes);
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

/** Turns one row's scores into weighted `softmax - one-hot` and returns its loss, unweighted. */
function toResiduals(scores: Float64Array, at: number, classes: number, label: number, weight: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) most = Math.max(most, scores[at + k]!);
  const own = scores[at + label]! - most;
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    const e = Math.exp(scores[at + k]! - most);
    scores[at + k] = e;
    sum += e;
  }
  const scale = weight / sum;
  for (let k = 0; k < classes; k++) scores[at + k] = scores[at + k]! * scale;
  scores[at + label] = scores[at + label]! - weight;
  return Math.log(sum) - own;
}

/** `scores [4, classes] = x [4, columns] · weightsᵀ + bias`, two classes at a time. */
function addScores(
  scores: Float64Array,
  x: Float64Array,
  columns: number,
  width: number,
  w: Float64Array,
  classes: number,
): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  for (let k = 0; k < classes; k += 2) {
    const l = k + 1 < classes ? k + 1 : k;
    const u = k * columns;
    const v = l * columns;
    const a = w[classes * columns + k]!;
    const b = w[classes * columns + l]!;
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
    scores[classes + k] = a1;
    scores[2 * classes + k] = a2;
    scores[3 * classes + k] = a3;
    scores[l] = b0;
    scores[classes + l] = b1;
    scores[2 * classes + l] = b2;
    scores[3 * classes + l] = b3;
  }
}

/** `gradient [classes, columns] += residualsᵀ [classes, 4] · x [4, columns]`, two classes at a time. */
function addGradient(
  gradient: Float64Array,
  x: Float64Array,
  columns: number,
  width: number,
  residuals: Float64Array,
  classes: number,
): void {
  const q = columns;
  const r = 2 * columns;
  const s = 3 * columns;
  for (let k = 0; k < classes; k += 2) {
    const pair = k + 1 < classes;
    const a0 = residuals[k]!;
    const a1 = residuals[classes + k]!;
    const a2 = residuals[2 * classes + k]!;
    const a3 = residuals[3 * classes + k]!;
    const b0 = pair ? residuals[k + 1]! : 0;
    const b1 = pair ? residuals[classes + k + 1]! : 0;
    const b2 = pair ? residuals[2 * classes + k + 1]! : 0;
    const b3 = pair ? residuals[3 * classes + k + 1]! : 0;
    const u = k * columns;
    // A lone last class adds zeros to itself.
    const v = pair ? u + columns : u;
    for (let j = 0; j < width; j++) {
      const x0 = x[j]!;
      const x1 = x[q + j]!;
      const x2 = x[r + j]!;
      const x3 = x[s + j]!;
      gradient[u + j] = gradient[u + j]! + (a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3));
      gradient[v + j] = gradient[v + j]! + (b0 * x0 + b1 * x1 + (b2 * x2 + b3 * x3));
    }
  }
}
