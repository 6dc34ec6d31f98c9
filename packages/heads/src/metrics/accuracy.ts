import { checkLabels } from "./check-labels.ts";

/** Share of samples whose predicted class number is the true one. */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkLabels("heads/accuracy", predictions, labels, Number.POSITIVE_INFINITY);
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) right++;
  return right / labels.length;
}
