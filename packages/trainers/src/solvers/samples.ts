import { fail } from "@graft-ml/core";

/** Features of samples, row-major `[samples, dims]`, with a class number each. */
export interface Samples {
  readonly features: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly count: number;
  readonly dims: number;
  readonly classes: number;
  /** Samples of each class. */
  readonly classCounts: readonly number[];
}

/** Checks what a solver is given: shapes, finite features, labels in range and samples of every class. */
export function checkSamples(
  where: string,
  features: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): Samples {
  if (!Number.isInteger(classes) || classes < 2) {
    throw fail(where, `expected at least 2 classes; received ${classes}`);
  }
  const count = labels.length;
  const dims = features.length / count;
  if (count === 0 || !Number.isInteger(dims) || dims === 0) {
    throw fail(where, `expected features of ${count} samples, one after another; received ${features.length} numbers`);
  }
  const classCounts = countLabels(where, labels, classes);
  const empty = classCounts.indexOf(0);
  if (empty >= 0) {
    throw fail(
      where,
      `expected samples of every class; received none of class ${empty} among ${count}. Add samples, or leave the class out`,
    );
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const sample = Math.floor(bad / dims);
    throw fail(
      where,
      `expected finite features; received ${features[bad]} in feature ${bad - sample * dims} of sample ${sample}`,
    );
  }
  return { features, labels, count, dims, classes, classCounts };
}

/** Counts class numbers after checking that each is an integer from 0 to `classes` - 1. */
export function countLabels(where: string, labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (counts[label] === undefined) {
      throw fail(where, `expected labels from 0 to ${classes - 1}; received ${label} for sample ${i}`);
    }
    counts[label]++;
  }
  return counts;
}

/** Row numbers `0..count-1`. */
export function allRows(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
