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

/** Stratified folds of rows that are views of samples: all rows of one number in `groups` are in the same fold. */
export function groupedFolds(
  where: string,
  labels: ArrayLike<number>,
  groups: ArrayLike<number>,
  folds: number,
  random: Random,
): Fold[] {
  if (groups.length !== labels.length)
    throw fail(where, `expected a group for each of ${labels.length} rows; received ${groups.length}`);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < groups.length; row++) {
    const rows = rowsOf.get(groups[row]!);
    if (rows === undefined) rowsOf.set(groups[row]!, [row]);
    else if (labels[rows[0]!] === labels[row]) rows.push(row);
    else throw fail(where, `expected one class for all rows of group ${groups[row]}; received several`);
  }
  const members = [...rowsOf.values()];
  const own = members.map(([first]) => labels[first!]!);
  const counts = own.reduce<number[]>((all, label) => {
    all[label] = (all[label] ?? 0) + 1;
    return all;
  }, []);
  const rows = (part: Int32Array): Int32Array => Int32Array.from([...part].flatMap((i) => members[i]!)).sort();
  return stratifiedFolds(where, own, counts, folds, random).map(({ train, heldOut }) => ({
    train: rows(train),
    heldOut: rows(heldOut),
  }));
}
