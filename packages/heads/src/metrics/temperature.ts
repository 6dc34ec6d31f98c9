import { checkLabels } from "./check-labels.ts";

/** Bounds of the temperature. */
const COLDEST = 0.05;
const HOTTEST = 20;

/**
 * The temperature `T` that minimizes the log-loss of `softmax(logits / T)` (Guo et al. 2017, section 4.2), for logits
 * `[samples, classes]` of samples that the model was not fitted to. The loss is convex in `1 / T`: Newton's method,
 * halving its bracket where a step leaves it. Stays within 0.05 and 20; 1 where the logits say nothing.
 */
export function temperature(logits: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  checkLabels("heads/temperature", logits, labels, classes, classes);
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  const atOne = slopeAndCurvature(logits, labels, classes, 1);
  if (atOne.slope === 0) return 1;
  if (slopeAndCurvature(logits, labels, classes, low).slope >= 0) return HOTTEST;
  if (slopeAndCurvature(logits, labels, classes, high).slope <= 0) return COLDEST;
  let inverse = 1;
  for (let i = 0; i < 100; i++) {
    const { slope, curvature } = slopeAndCurvature(logits, labels, classes, inverse);
    if (slope > 0) high = inverse;
    else low = inverse;
    const newton = inverse - slope / curvature;
    if (Math.abs(newton - inverse) <= 1e-12 * inverse || high - low <= 1e-12 * high) break;
    inverse = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return 1 / inverse;
}

/** Derivatives of the summed log-loss by `1 / T`: `Σ E[z] - z_y` and `Σ Var[z]` under `softmax(z / T)`. */
function slopeAndCurvature(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  inverse: number,
): { slope: number; curvature: number } {
  let [slope, curvature] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    const own = logits[at + labels[i]!]!;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, logits[at + k]!);
    let [weights, first, second] = [0, 0, 0];
    for (let k = 0; k < classes; k++) {
      const difference = logits[at + k]! - own;
      const weight = Math.exp((logits[at + k]! - most) * inverse);
      weights += weight;
      first += weight * difference;
      second += weight * difference * difference;
    }
    slope += first / weights;
    curvature += second / weights - (first / weights) ** 2;
  }
  return { slope, curvature };
}
