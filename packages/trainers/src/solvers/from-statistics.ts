import { fail } from "@graft-ml/core";
import { choleskyPivoted, solveLower, solveUpper } from "./cholesky.ts";
import type { FeatureSums } from "./feature-statistics.ts";
import { classMeans, featureMean, totalScatter, withinScatter } from "./scatter.ts";
import type { LinearSolution } from "./solver.ts";

const WHERE = "trainers/from-statistics";

/**
 * Ridge regression on ±1 targets from statistics alone, for any λ > 0: the data are not touched again. Equal to `fitRidge`
 * at that λ without scaling; a held-out loss comes from `subtractStatistics`.
 */
export function ridgeFromStatistics(sums: FeatureSums, lambda: number): LinearSolution<{ readonly lambda: number }> {
  checkPositive("lambda", lambda);
  const { dims, classes, count, classCounts } = sums;
  const mean = featureMean(sums);
  const means = classMeans(sums);
  // Xᵀ y of centred features and targets: 2 n_k (m_k − m).
  const right = Float64Array.from({ length: classes * dims }, (_, o) => {
    const own = classCounts[Math.floor(o / dims)]!;
    return own === 0 ? 0 : 2 * own * (means[o]! - mean[o % dims]!);
  });
  const system = totalScatter(sums);
  for (let j = 0; j < dims; j++) system[j * dims + j] = system[j * dims + j]! + lambda;
  const weights = solveRows(system, right, sums);
  const offsets = classCounts.map((own) => (2 * own) / count - 1);
  return {
    ...affine(weights, sums, (k, w) => offsets[k]! - dot(w, mean)),
    details: { lambda },
  };
}

/**
 * Linear discriminant analysis with a fixed `shrinkage` in (0, 1] from statistics alone, equal to `fitLda` at that shrinkage.
 * Ledoit and Wolf's automatic shrinkage needs fourth moments, which the statistics do not hold.
 */
export function ldaFromStatistics(
  sums: FeatureSums,
  shrinkage: number,
): LinearSolution<{ readonly shrinkage: number }> {
  checkPositive("shrinkage", shrinkage, 1);
  const { dims, count, classCounts } = sums;
  const empty = classCounts.indexOf(0);
  if (empty >= 0) throw fail(WHERE, `expected samples of every class; received none of class ${empty}`);
  const means = classMeans(sums);
  const system = withinScatter(sums);
  let trace = 0;
  for (let j = 0; j < dims; j++) trace += system[j * dims + j]! / count;
  for (let o = 0; o < system.length; o++) system[o] = ((1 - shrinkage) * system[o]!) / count;
  for (let j = 0; j < dims; j++) system[j * dims + j] = system[j * dims + j]! + (shrinkage * trace) / dims;
  const weights = solveRows(system, means, sums);
  const bias = (k: number, w: Float64Array): number =>
    Math.log(classCounts[k]! / count) - dot(w, means.subarray(k * dims, (k + 1) * dims)) / 2;
  return { ...affine(weights, sums, bias), details: { shrinkage } };
}

function solveRows(system: Float64Array, right: Float64Array, { dims, classes }: FeatureSums): Float64Array {
  const factor = choleskyPivoted(system, dims);
  if (factor.rank < dims)
    throw fail(WHERE, "expected a definite matrix; constant features leave it singular. Raise the penalty");
  const out = new Float64Array(classes * dims);
  for (let k = 0; k < classes; k++) {
    const b = right.subarray(k * dims, (k + 1) * dims);
    out.set(solveUpper(factor, solveLower(factor, b)), k * dims);
  }
  return out;
}

/** Weights `[classes, dims]` in the layout of solutions, `[dims, classes]`. */
function affine(
  weights: Float64Array,
  { dims, classes }: FeatureSums,
  biasOf: (k: number, w: Float64Array) => number,
): { weight: Float32Array; bias: Float32Array } {
  const weight = new Float32Array(dims * classes);
  for (let o = 0; o < weights.length; o++) weight[(o % dims) * classes + Math.floor(o / dims)] = weights[o]!;
  const bias = Float32Array.from({ length: classes }, (_, k) => biasOf(k, weights.subarray(k * dims, (k + 1) * dims)));
  return { weight, bias };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}

function checkPositive(name: string, value: number, most: number = Number.MAX_VALUE): void {
  if (!(value > 0 && value <= most)) {
    throw fail(WHERE, `expected ${name} to be above 0${most === 1 ? " and at most 1" : ""}; received ${value}`);
  }
}
