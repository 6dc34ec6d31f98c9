import { checkLabels } from "./check-labels.ts";

/** Mean of `-log p(true class)` over probabilities `[samples, classes]`; a probability below 2⁻⁵² counts as that. */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  checkLabels("heads/log-loss", probabilities, labels, classes, classes);
  let sum = 0;
  for (let i = 0; i < labels.length; i++)
    sum -= Math.log(Math.max(Number.EPSILON, probabilities[i * classes + labels[i]!]!));
  return sum / labels.length;
}
