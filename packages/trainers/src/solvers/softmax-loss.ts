import type { Design } from "./design.ts";
import type { Evaluation } from "./lbfgs.ts";
import { linearLoss } from "./linear-loss.ts";

/**
 * The penalized multinomial loss over `[weights [classes, columns], bias [classes]]`: `linearLoss` of softmax.
 * Times `c S` it is scikit-learn's `C Σ sᵢ lossᵢ + ½ ‖W‖²`.
 */
export function softmaxLoss(design: Design, classes: number, c: number): (point: Float64Array) => Evaluation {
  // softmax - one-hot
  return linearLoss(design, classes, c, (scores, at, label, weight) => {
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
  });
}
