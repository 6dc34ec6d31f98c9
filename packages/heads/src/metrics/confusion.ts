import { checkLabels } from "./check-labels.ts";

/** Counts by true class (row) and predicted class (column), row-major `[classes, classes]`. */
export function confusion(predictions: ArrayLike<number>, labels: ArrayLike<number>, classes: number): Int32Array {
  checkLabels("heads/confusion", predictions, labels, classes);
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i]! * classes + predictions[i]!]!++;
  return counts;
}
