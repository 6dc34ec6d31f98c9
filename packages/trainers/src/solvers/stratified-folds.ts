import { fail, type Random } from "@graft-ml/core";

/** One split of cross-validation, as sample numbers in ascending order. */
export interface Fold {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Stratified folds: each class is shuffled and dealt out in turn, the next class going on where the last one stopped, so
 * that folds differ by at most one sample, in each class and in all. A class with fewer samples than `folds` lowers
 * their number to its own, and at least 2 are needed.
 */
export function stratifiedFolds(
  where: string,
  labels: ArrayLike<number>,
  classCounts: readonly number[],
  folds: number,
  random: Random,
): Fold[] {
  const smallest = Math.min(...classCounts);
  if (smallest < 2) {
    const lonely = classCounts.indexOf(smallest);
    throw fail(
      where,
      `expected at least 2 samples of every class for cross-validation; received ${smallest} of class ${lonely}. Add samples, or set c to a number and folds to 0`,
    );
  }
  const count = Math.min(folds, smallest);
  const members: number[][] = classCounts.map(() => []);
  for (let i = 0; i < labels.length; i++) members[labels[i]!]!.push(i);
  const foldOf = new Int32Array(labels.length);
  let turn = 0;
  for (const own of members) for (const sample of random.shuffle(own)) foldOf[sample] = turn++ % count;
  const samples = Int32Array.from({ length: labels.length }, (_, i) => i);
  return Array.from({ length: count }, (_, fold) => ({
    train: samples.filter((i) => foldOf[i] !== fold),
    heldOut: samples.filter((i) => foldOf[i] === fold),
  }));
}
