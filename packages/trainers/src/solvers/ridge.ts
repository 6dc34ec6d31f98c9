import { choiceOption, fail, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { ridgePath } from "./leave-one-out.ts";
import { allRows, checkSamples, type Samples } from "./samples.ts";
import type { LinearSolution, Solver } from "./solver.ts";
import { foldStandardization, SCALINGS, type Scaling, standardization } from "./standardization.ts";

const WHERE = "trainers/ridge";
const RELATIVE_GRID: readonly number[] = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100];

/** How a ridge classifier is fitted. */
export interface RidgeOptions {
  /** Penalties λ (scikit-learn's `alphas`) to choose from. Default: 1e-4 to 100 by tens, times the mean squared norm of centred features. */
  readonly grid?: readonly number[];
  /** How features are scaled, over all samples; leaving one out stays exact but for the scale. Default: *none*. */
  readonly scaling?: Scaling;
}

/** How the fit went. */
export type RidgeDetails = {
  readonly lambda: number;
  readonly grid: readonly number[];
  /** Mean squared leave-one-out error of each λ. */
  readonly looError: readonly number[];
};

/**
 * Ridge regression on one output a class, 1 for the own class and -1 for the others, intercept unpenalized; λ of least
 * mean squared leave-one-out error, in closed form (see `ridgePath`). `outOfFold` are the leave-one-out predictions.
 */
export function fitRidge(
  features: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  { grid, scaling: kind = "none" }: RidgeOptions = {},
): LinearSolution<RidgeDetails> {
  checkOptions(grid);
  const samples = checkSamples(WHERE, features, labels, classes);
  const scaling = standardization(features, samples.dims, allRows(samples.count), kind);
  const means = samples.classCounts.map((own) => (2 * own) / samples.count - 1);
  const targets = centredTargets(samples, means);
  const path = ridgePath(samples, scaling, targets, classes);
  const lambdas = grid ?? RELATIVE_GRID.map((value) => value * (path.scale || 1));

  const predictions = path.leaveOneOut(lambdas);
  const looError = predictions.map((part) => meanSquaredError(part, targets, samples));
  const best = looError.reduce((least, error, i) => (error < looError[least]! ? i : least), 0);
  const outOfFold = predictions[best]!;
  for (let i = 0; i < outOfFold.length; i++) outOfFold[i] = outOfFold[i]! + means[i % classes]!;
  const lambda = lambdas[best]!;
  return {
    ...foldStandardization(path.weights(lambda), means, scaling),
    outOfFold,
    details: { lambda, grid: lambdas, looError },
  };
}

/** Ridge classification as a solver; options as in `RidgeOptions`. */
export function ridge(options: PlainOptions = {}): Solver {
  onlyOptions(WHERE, options, ["grid", "scaling"]);
  const { grid } = options as RidgeOptions;
  const scaling = choiceOption(WHERE, options, "scaling", "none", SCALINGS);
  checkOptions(grid);
  return {
    name: "ridge",
    takesViews: false,
    summary: "ridge on ±1 targets, its penalty chosen by exact leave-one-out",
    fit: async (features, labels, classes, { sampleWeights, groups } = {}) => {
      if (groups)
        throw fail(
          WHERE,
          "expected no views: ridge leaves one row out at a time, and its other views would tell. Use logistic",
        );
      if (sampleWeights) throw fail(WHERE, "expected no sampleWeights: ridge weighs all samples alike. Use logistic");
      return fitRidge(features, labels, classes, { ...(grid && { grid }), scaling });
    },
  };
}

/** `±1` minus its mean over the samples, `[classes, samples]`. */
function centredTargets({ labels, count, classes }: Samples, means: readonly number[]): Float64Array {
  const targets = new Float64Array(classes * count);
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < count; i++) targets[k * count + i] = (labels[i] === k ? 1 : -1) - means[k]!;
  }
  return targets;
}

function meanSquaredError(predictions: Float64Array, targets: Float64Array, { count, classes }: Samples): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < classes; k++) sum += (predictions[i * classes + k]! - targets[k * count + i]!) ** 2;
  }
  return sum / predictions.length;
}

function checkOptions(grid: unknown): void {
  const positive = (value: unknown): boolean =>
    typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
  if (grid !== undefined && !(Array.isArray(grid) && grid.length > 0 && grid.every(positive))) {
    throw fail(WHERE, `expected grid to be a list of positive numbers; received ${JSON.stringify(grid)}`);
  }
}
