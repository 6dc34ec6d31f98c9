import { perClass } from "./per-class.ts";

/**
 * Mean F1 over the classes that occur among labels or predictions (Opitz & Burst 2019, equation 1: the mean of F1 scores,
 * not the F1 of means).
 */
export function macroF1(predictions: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  const present = perClass(predictions, labels, classes).filter((scores) => scores.support + scores.predicted > 0);
  return present.reduce((sum, scores) => sum + scores.f1, 0) / present.length;
}
