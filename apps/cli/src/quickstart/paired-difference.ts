/** A difference of two accuracies on the same pictures, with its 95 % interval. */
export interface PairedDifference {
  readonly difference: number;
  readonly interval: readonly [number, number];
}

/** Of two models on the same samples: normal interval of the difference of paired proportions, from the samples where they disagree. */
export function pairedDifference(a: readonly boolean[], b: readonly boolean[]): PairedDifference {
  const n = a.length;
  let [onlyA, onlyB] = [0, 0];
  a.forEach((right, i) => {
    if (right && !b[i]) onlyA++;
    if (!right && b[i]) onlyB++;
  });
  const difference = (onlyA - onlyB) / n;
  const error = 1.96 * (Math.sqrt(onlyA + onlyB - (onlyA - onlyB) ** 2 / n) / n);
  return { difference, interval: [difference - error, difference + error] };
}
