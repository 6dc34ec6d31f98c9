import { type FeatureSums, sumOfClasses } from "./feature-statistics.ts";

/** Mean of each feature, `[dims]`. */
export function featureMean(sums: FeatureSums): Float64Array {
  return sumOfClasses(sums).map((sum, j) => sums.shift[j]! + sum / sums.count);
}

/** Mean of each class, `[classes, dims]`; NaN for a class without samples. */
export function classMeans({ dims, classSums, classCounts, shift }: FeatureSums): Float64Array {
  return classSums.map((sum, o) => shift[o % dims]! + sum / classCounts[Math.floor(o / dims)]!);
}

/** Population variance of each feature, `[dims]`. */
export function featureVariance(sums: FeatureSums): Float64Array {
  const { dims, count, gram } = sums;
  return sumOfClasses(sums).map((sum, j) => Math.max(0, gram[j * dims + j]! - (sum * sum) / count) / count);
}

/** `Σ (x - m)(x - m)ᵀ` about the mean of all, `[dims, dims]`: within plus between. */
export function totalScatter(sums: FeatureSums): Float64Array {
  const out = sums.gram.slice();
  addOuter(out, sumOfClasses(sums), -1 / sums.count);
  return out;
}

/** `Σ (x - m_class)(x - m_class)ᵀ`, `[dims, dims]`. */
export function withinScatter(sums: FeatureSums): Float64Array {
  const out = sums.gram.slice();
  forEachClass(sums, (sum, count) => addOuter(out, sum, -1 / count));
  return out;
}

/** `Σ n_class (m_class - m)(m_class - m)ᵀ`, `[dims, dims]`. */
export function betweenScatter(sums: FeatureSums): Float64Array {
  const { dims } = sums;
  const out = new Float64Array(dims * dims);
  const all = sumOfClasses(sums);
  forEachClass(sums, (sum, count) => {
    addOuter(
      out,
      sum.map((value, j) => value / count - all[j]! / sums.count),
      count,
    );
  });
  return out;
}

function forEachClass(
  { dims, classSums, classCounts }: FeatureSums,
  visit: (sum: Float64Array, count: number) => void,
): void {
  classCounts.forEach((count, k) => {
    if (count > 0) visit(classSums.subarray(k * dims, (k + 1) * dims), count);
  });
}

function addOuter(out: Float64Array, vector: Float64Array, scale: number): void {
  const dims = vector.length;
  for (let i = 0; i < dims; i++) {
    const value = scale * vector[i]!;
    for (let j = 0, o = i * dims; j < dims; j++, o++) out[o] = out[o]! + value * vector[j]!;
  }
}
