import { fail, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { ledoitWolf } from "./ledoit-wolf.ts";
import { checkSamples, type Samples } from "./samples.ts";
import { type ClassCovariance, solveCovariance } from "./shrunk-covariance.ts";
import type { LinearSolution, Solver } from "./solver.ts";
import { standardization } from "./standardization.ts";

const WHERE = "trainers/lda";

/** How a linear discriminant analysis is fitted. */
export interface LdaOptions {
  /** Share of the identity in each class's covariance, 0 to 1, or *auto* by Ledoit & Wolf. Default: *auto*. */
  readonly shrinkage?: number | "auto";
}

/** How the fit went. */
export type LdaDetails = {
  /** Share of the identity in each class's covariance. */
  readonly shrinkage: readonly number[];
  /** Shares of the classes among the samples. */
  readonly priors: readonly number[];
};

/**
 * Linear discriminant analysis with a shrunk covariance, equal to scikit-learn's `LinearDiscriminantAnalysis(solver="lsqr",
 * shrinkage)`: scores `xᵀ Σ⁻¹ m - ½ mᵀ Σ⁻¹ m + log prior`, `Σ` the mean of the classes' covariances. *auto* shrinks each
 * class after scaling its features to unit variance. Scores are log-posteriors up to a constant; for two classes
 * scikit-learn's single weight vector is their difference.
 */
export function fitLda(
  features: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  { shrinkage = "auto" }: LdaOptions = {},
): LinearSolution<LdaDetails> {
  checkOptions(shrinkage);
  const samples = checkSamples(WHERE, features, labels, classes);
  const { dims, count, classCounts } = samples;
  const priors = classCounts.map((own) => own / count);
  const parts = classCounts.map((_, k) => classCovariance(samples, k, shrinkage));
  const means = new Float64Array(classes * dims);
  parts.forEach((part, k) => {
    means.set(part.mean, k * dims);
  });
  const solved = solveCovariance(samples, parts, means);
  if (!solved) {
    throw fail(
      WHERE,
      `expected shrinkage > 0, since ${count} samples leave the covariance of ${dims} features singular; received ${shrinkage}`,
    );
  }
  const weight = new Float32Array(dims * classes);
  const bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    let product = 0;
    for (let j = 0; j < dims; j++) {
      const value = solved[k * dims + j]!;
      weight[j * classes + k] = value;
      product += value * means[k * dims + j]!;
    }
    bias[k] = Math.log(priors[k]!) - product / 2;
  }
  return { weight, bias, details: { shrinkage: parts.map((part) => part.shrinkage), priors } };
}

/** Shrinkage discriminant analysis as a solver; options as in `LdaOptions`. */
export function lda(options: PlainOptions = {}): Solver {
  onlyOptions(WHERE, options, ["shrinkage"]);
  const { shrinkage = "auto" } = options as LdaOptions;
  checkOptions(shrinkage);
  return {
    name: "lda",
    summary: "linear discriminant analysis with Ledoit-Wolf shrinkage",
    fit: async (features, labels, classes, { sampleWeights } = {}) => {
      if (sampleWeights) throw fail(WHERE, "expected no sampleWeights: lda weighs all samples alike. Use logistic");
      return fitLda(features, labels, classes, { shrinkage });
    },
  };
}

function classCovariance(
  { features, labels, dims, count, classCounts }: Samples,
  k: number,
  shrinkage: number | "auto",
): ClassCovariance {
  const rows = Int32Array.from({ length: classCounts[k]! });
  for (let i = 0, r = 0; i < count; i++) if (labels[i] === k) rows[r++] = i;
  const scaling = standardization(features, dims, rows, "each");
  const prior = rows.length / count;
  if (shrinkage === "auto") {
    const found = ledoitWolf(features, dims, rows, scaling);
    const diagonal = scaling.inverse.map((inverse) => (prior * found.shrinkage * found.target) / inverse ** 2);
    return { rows, mean: scaling.mean, prior, shrinkage: found.shrinkage, diagonal };
  }
  const target = meanVariance(features, dims, rows, scaling.mean);
  return {
    rows,
    mean: scaling.mean,
    prior,
    shrinkage,
    diagonal: new Float64Array(dims).fill(prior * shrinkage * target),
  };
}

function meanVariance(features: Float32Array, dims: number, rows: Int32Array, mean: Float64Array): number {
  let sum = 0;
  for (const row of rows) for (let j = 0; j < dims; j++) sum += (features[row * dims + j]! - mean[j]!) ** 2;
  return sum / rows.length / dims;
}

function checkOptions(shrinkage: unknown): void {
  if (shrinkage === "auto" || (typeof shrinkage === "number" && shrinkage >= 0 && shrinkage <= 1)) return;
  throw fail(WHERE, `expected shrinkage to be "auto" or a number from 0 to 1; received ${JSON.stringify(shrinkage)}`);
}
