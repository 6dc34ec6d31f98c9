import { fail } from "@graft-ml/core";
import { addColumnProducts, mirror } from "./row-products.ts";
import { countLabels } from "./samples.ts";

const WHERE = "trainers/feature-statistics";

/** Sums over features `x` that stream by: plain data, all about `x - shift`, so that large means cost no digits. */
export interface FeatureSums {
  readonly dims: number;
  readonly classes: number;
  readonly count: number;
  readonly classCounts: readonly number[];
  /** The mean of the first batch, `[dims]`. */
  readonly shift: Float64Array;
  /** `Σ (x - shift)` of each class, `[classes, dims]`. */
  readonly classSums: Float64Array;
  /** `Σ (x - shift)(x - shift)ᵀ`, `[dims, dims]`. */
  readonly gram: Float64Array;
}

/** An accumulator of `FeatureSums`. */
export interface FeatureStatistics extends FeatureSums {
  /** Takes features `[samples, dims]` and their class numbers. */
  add(features: Float32Array, labels: ArrayLike<number>): void;
  toJSON(): FeatureStatisticsJson;
}

/** `FeatureSums` as JSON; `gram` holds the lower triangle row by row. */
export interface FeatureStatisticsJson {
  readonly dims: number;
  readonly classes: number;
  readonly classCounts: readonly number[];
  readonly shift: readonly number[];
  readonly classSums: readonly number[];
  readonly gram: readonly number[];
}

/** Starts an empty accumulator in float64. */
export function featureStatistics(dims: number, classes: number): FeatureStatistics {
  for (const [name, value] of Object.entries({ dims, classes })) {
    if (!Number.isInteger(value) || value < 1)
      throw fail(WHERE, `expected ${name} to be a positive integer; received ${value}`);
  }
  return accumulator({
    dims,
    classes,
    count: 0,
    classCounts: new Array<number>(classes).fill(0),
    shift: new Float64Array(dims),
    classSums: new Float64Array(classes * dims),
    gram: new Float64Array(dims * dims),
  });
}

/** The statistics of two sets of samples together. */
export function mergeStatistics(a: FeatureSums, b: FeatureSums): FeatureStatistics {
  return combine(a, b, 1);
}

/** The statistics of the samples of `a` without those of `b`, which `a` must contain: a fold's training part. */
export function subtractStatistics(a: FeatureSums, b: FeatureSums): FeatureStatistics {
  return combine(a, b, -1);
}

/** Reads what `toJSON` wrote. */
export function statisticsFromJson(json: FeatureStatisticsJson): FeatureStatistics {
  const { dims, classes } = json;
  const wrong =
    json.classCounts.length !== classes ||
    json.shift.length !== dims ||
    json.classSums.length !== classes * dims ||
    json.gram.length !== (dims * (dims + 1)) / 2;
  if (wrong)
    throw fail(
      WHERE,
      `expected statistics of ${dims} features and ${classes} classes; received arrays of other lengths`,
    );
  const gram = new Float64Array(dims * dims);
  for (let i = 0, at = 0; i < dims; i++) for (let j = 0; j <= i; j++) gram[i * dims + j] = json.gram[at++]!;
  mirror(gram, dims);
  return accumulator({
    dims,
    classes,
    count: total(json.classCounts),
    classCounts: [...json.classCounts],
    shift: Float64Array.from(json.shift),
    classSums: Float64Array.from(json.classSums),
    gram,
  });
}

type Sums = { -readonly [K in keyof FeatureSums]: FeatureSums[K] } & { classCounts: number[] };

function accumulator(sums: Sums): FeatureStatistics {
  return Object.assign(sums, {
    add(features: Float32Array, labels: ArrayLike<number>): void {
      const { dims, classes, gram, classSums, classCounts } = sums;
      if (features.length !== labels.length * dims) {
        throw fail(WHERE, `expected ${labels.length} samples of ${dims} features; received ${features.length} numbers`);
      }
      const bad = features.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0)
        throw fail(
          WHERE,
          `expected finite features; received ${features[bad]} in feature ${bad % dims} of sample ${Math.floor(bad / dims)}`,
        );
      countLabels(WHERE, labels, classes).forEach((own, k) => {
        classCounts[k] = classCounts[k]! + own;
      });
      if (sums.count === 0) sums.shift = batchMean(features, dims);
      const rows = new Float64Array(features.length);
      for (let i = 0; i < labels.length; i++) {
        const to = labels[i]! * dims;
        for (let j = 0; j < dims; j++) {
          const value = features[i * dims + j]! - sums.shift[j]!;
          rows[i * dims + j] = value;
          classSums[to + j] = classSums[to + j]! + value;
        }
      }
      addColumnProducts(gram, rows, labels.length, dims);
      mirror(gram, dims);
      sums.count += labels.length;
    },
    toJSON(): FeatureStatisticsJson {
      const { dims, classes, classCounts, shift, classSums, gram } = sums;
      const triangle: number[] = [];
      for (let i = 0; i < dims; i++) for (let j = 0; j <= i; j++) triangle.push(gram[i * dims + j]!);
      return {
        dims,
        classes,
        classCounts: [...classCounts],
        shift: [...shift],
        classSums: [...classSums],
        gram: triangle,
      };
    },
  });
}

/** `a ± b` about the shift of `a`: with `δ = shift_b - shift_a`, `Σ(x + δ)(x + δ)ᵀ = G + δ sᵀ + s δᵀ + n δ δᵀ`. */
function combine(a: FeatureSums, b: FeatureSums, sign: 1 | -1): FeatureStatistics {
  if (a.dims !== b.dims || a.classes !== b.classes) {
    throw fail(
      WHERE,
      `expected statistics of ${a.dims} features and ${a.classes} classes; received ${b.dims} and ${b.classes}`,
    );
  }
  if (sign < 0 && b.classCounts.some((own, k) => own > a.classCounts[k]!)) {
    throw fail(WHERE, `expected to subtract a part; received ${b.count} samples to take from ${a.count}`);
  }
  const { dims, classes } = a;
  if (a.count === 0) return accumulator({ ...copy(b) });
  const delta = b.shift.map((value, j) => (b.count === 0 ? 0 : value - a.shift[j]!));
  const sum = sumOfClasses(b);
  const out = copy(a);
  for (let i = 0; i < dims; i++) {
    for (let j = 0; j < dims; j++) {
      const moved = delta[i]! * sum[j]! + sum[i]! * delta[j]! + b.count * delta[i]! * delta[j]!;
      out.gram[i * dims + j] = out.gram[i * dims + j]! + sign * (b.gram[i * dims + j]! + moved);
    }
  }
  for (let k = 0; k < classes; k++) {
    out.classCounts[k] = out.classCounts[k]! + sign * b.classCounts[k]!;
    for (let j = 0; j < dims; j++) {
      const o = k * dims + j;
      out.classSums[o] = out.classSums[o]! + sign * (b.classSums[o]! + b.classCounts[k]! * delta[j]!);
    }
  }
  out.count = total(out.classCounts);
  return accumulator(out);
}

function copy({ dims, classes, count, classCounts, shift, classSums, gram }: FeatureSums): Sums {
  return {
    dims,
    classes,
    count,
    classCounts: [...classCounts],
    shift: shift.slice(),
    classSums: classSums.slice(),
    gram: gram.slice(),
  };
}

/** `Σ (x - shift)` over all classes, `[dims]`. */
export function sumOfClasses({ dims, classes, classSums }: FeatureSums): Float64Array {
  const sum = new Float64Array(dims);
  for (let o = 0; o < classes * dims; o++) sum[o % dims] = sum[o % dims]! + classSums[o]!;
  return sum;
}

function batchMean(features: Float32Array, dims: number): Float64Array {
  const mean = new Float64Array(dims);
  for (let o = 0; o < features.length; o++) mean[o % dims] = mean[o % dims]! + features[o]!;
  const count = features.length / dims;
  return mean.map((value) => value / count);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, own) => sum + own, 0);
}
