import { confusion } from "./confusion.ts";

/** How well one class is found. */
export interface ClassScores {
  /** Share of the samples called this class that are; 0 where none is called so. */
  readonly precision: number;
  /** Share of this class's samples that are found; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`; 0 where all three are. */
  readonly f1: number;
  /** Samples of this class. */
  readonly support: number;
  /** Samples that are called this class. */
  readonly predicted: number;
}

/** Precision, recall, F1 and support of each class (van Rijsbergen 1979, chapter 7). */
export function perClass(predictions: ArrayLike<number>, labels: ArrayLike<number>, classes: number): ClassScores[] {
  const counts = confusion(predictions, labels, classes);
  return Array.from({ length: classes }, (_, k) => {
    let [support, predicted] = [0, 0];
    for (let j = 0; j < classes; j++) {
      support += counts[k * classes + j]!;
      predicted += counts[j * classes + k]!;
    }
    const hits = counts[k * classes + k]!;
    const share = (of: number): number => (of > 0 ? hits / of : 0);
    return {
      precision: share(predicted),
      recall: share(support),
      f1: 2 * share(support + predicted),
      support,
      predicted,
    };
  });
}
