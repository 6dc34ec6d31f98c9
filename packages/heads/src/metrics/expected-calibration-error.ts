import { checkLabels } from "./check-labels.ts";
import { topLabels } from "./top-label.ts";

/**
 * Expected calibration error of the top class (Guo et al. 2017, equation 5): with samples put into equal-width bins
 * `((m - 1)/M, m/M]` by their largest probability, `Σ |B_m| / n · |accuracy(B_m) - confidence(B_m)|`. Default: 15 bins.
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  bins = 15,
): number {
  checkLabels("heads/expected-calibration-error", probabilities, labels, classes, classes);
  // |B| · (accuracy - confidence) is the sum of (right - probability) over the bin.
  const gaps = new Float64Array(bins);
  topLabels(probabilities, classes).forEach((top, i) => {
    const confidence = probabilities[i * classes + top]!;
    const bin = Math.min(bins, Math.max(1, Math.ceil(confidence * bins))) - 1;
    gaps[bin] = gaps[bin]! + (top === labels[i] ? 1 : 0) - confidence;
  });
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / labels.length;
}
