/** The class with the largest score in each row of `[samples, classes]`; the first of equals. */
export function topLabels(scores: ArrayLike<number>, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[i * classes + k]! > scores[i * classes + best]!) best = k;
    return best;
  });
}
