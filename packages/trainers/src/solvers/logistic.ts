import {
  choiceOption,
  fail,
  numberOption,
  onlyOptions,
  type PlainOptions,
  type RunControl,
  seededRandom,
} from "@graft-ml/core";
import {
  type Fitting,
  fitDesign,
  fitPath,
  type ObjectiveFactory,
  preconditionFor,
  prepareDesign,
  totalWeight,
} from "./logistic-path.ts";
import { type Preconditioner, preconditioner } from "./preconditioner.ts";
import { allRows, checkSamples } from "./samples.ts";
import type { LinearSolution, Solver } from "./solver.ts";
import { foldStandardization, SCALINGS, type Scaling } from "./standardization.ts";
import { type Fold, groupedFolds, stratifiedFolds } from "./stratified-folds.ts";

const WHERE = "trainers/logistic";
const GRID: readonly number[] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10];

/** How a multinomial logistic regression is fitted. */
export interface LogisticOptions {
  /** Inverse strength of the penalty, scikit-learn's `C`; *auto* picks it by cross-validation. Default: *auto*. */
  readonly c?: number | "auto";
  /** Values of `c` that *auto* tries. Default: 11 values from 1e-4 to 10, two a decade. */
  readonly grid?: readonly number[];
  /** Folds of cross-validation, fewer where a class has fewer samples; 0 leaves it out where `c` is a number. Default: 5. */
  readonly folds?: number;
  /** Draws the folds. Default: 0. */
  readonly seed?: number | string;
  /** How the fit scales the features, the penalty acting on the scaled weights. Default: *common*. */
  readonly scaling?: Scaling;
  /** How far the loss may stay above its minimum, relative to itself. Default: 1e-8. */
  readonly tolerance?: number;
  /** Weight of each sample in the loss; standardization ignores it. Default: 1 each. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Rows of one number are views of one sample and stay in one fold. Default: every row is a sample of its own. */
  readonly groups?: ArrayLike<number>;
  /** Replaces the loss, for instance by an engine's; the fit is then done in the space of the features. */
  readonly objective?: ObjectiveFactory;
  readonly control?: RunControl;
}

/** How the fit went. */
export type LogisticDetails = {
  readonly c: number;
  /** The values of `c` that were tried, ascending until two losses in a row are above the least; the last refines the best. */
  readonly grid: readonly number[];
  /** Mean held-out log-loss of each value of the grid; empty without cross-validation. */
  readonly cvLoss: readonly number[];
  readonly folds: number;
  /** `C Σ loss + ½ ‖W‖²` on standardized features. */
  readonly loss: number;
  /** L-BFGS iterations of the final fit. */
  readonly iterations: number;
  /** Evaluations of all fits. */
  readonly evaluations: number;
  readonly converged: boolean;
};

/**
 * Multinomial logistic regression with an L2 penalty, `c Σ sᵢ lossᵢ + ½ ‖W‖²`, bias unpenalized, by L-BFGS. Every class
 * has its own weights, so for two classes `c` here is scikit-learn's (one weight vector) `C` halved. *auto* takes the `c` of
 * least mean log-loss in seeded stratified cross-validation; each fold is standardized by its own training part.
 */
export async function fitLogistic(
  features: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  options: LogisticOptions = {},
): Promise<LinearSolution<LogisticDetails>> {
  const {
    c = "auto",
    grid = GRID,
    folds = 5,
    seed = 0,
    scaling = "common",
    tolerance = 1e-8,
    sampleWeights,
    groups,
    objective,
    control,
  } = options;
  const samples = checkSamples(WHERE, features, labels, classes);
  checkOptions(c, grid, folds, sampleWeights, samples.count);
  let made: { readonly preconditioner: Preconditioner | undefined } | undefined;
  const fitting: Fitting = {
    samples,
    sampleWeights,
    scaling,
    objective,
    preconditioner: () => (made ??= { preconditioner: preconditioner(samples, sampleWeights, scaling) }).preconditioner,
    control,
  };
  const values = c === "auto" ? [...grid].sort((a, b) => a - b) : [c];
  const random = seededRandom(seed).fork(WHERE);
  const split = (): Fold[] =>
    groups === undefined
      ? stratifiedFolds(WHERE, labels, samples.classCounts, folds, random)
      : groupedFolds(WHERE, labels, groups, folds, random);
  const splits = folds === 0 ? [] : split();
  const path = await fitPath(fitting, splits, values);
  const chosen = path.values[path.best]!;

  const design = prepareDesign(fitting, { train: allRows(samples.count), heldOut: new Int32Array(0) });
  const precondition = preconditionFor(fitting, design, chosen, path.curvature);
  const minimum = await fitDesign(fitting, design, chosen, { tolerance }, { precondition });
  const weights = design.toFeatures(minimum.point, classes);
  const solution = foldStandardization(weights, minimum.point.subarray(classes * design.columns), design.scaling);
  return {
    ...solution,
    ...(splits.length > 0 && { outOfFold: path.scores }),
    details: {
      c: chosen,
      grid: path.values,
      cvLoss: path.losses,
      folds: splits.length,
      loss: minimum.value * chosen * totalWeight(design),
      iterations: minimum.iterations,
      evaluations: minimum.evaluations + path.evaluations,
      converged: minimum.converged,
    },
  };
}

/** Multinomial logistic regression as a solver; options as in `LogisticOptions`. */
export function logistic(options: PlainOptions = {}): Solver {
  onlyOptions(WHERE, options, ["c", "grid", "folds", "scaling", "tolerance"]);
  const { c = "auto", grid = GRID } = options as LogisticOptions;
  const folds = numberOption(WHERE, options, "folds", 5, { min: 0, integer: true });
  const tolerance = numberOption(WHERE, options, "tolerance", 1e-8, { min: 0 });
  const scaling = choiceOption(WHERE, options, "scaling", "common", SCALINGS);
  checkOptions(c, grid, folds, undefined, 0);
  return {
    name: "logistic",
    summary: "multinomial logistic regression, its penalty chosen by cross-validation",
    fit: (features, labels, classes, context = {}) =>
      fitLogistic(features, labels, classes, { c, grid, folds, scaling, tolerance, ...context }),
  };
}

function checkOptions(
  c: unknown,
  grid: unknown,
  folds: number,
  sampleWeights: ArrayLike<number> | undefined,
  count: number,
): void {
  const positive = (value: unknown): boolean =>
    typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
  if (c !== "auto" && !positive(c))
    throw fail(WHERE, `expected c to be "auto" or a positive number; received ${JSON.stringify(c)}`);
  if (!Array.isArray(grid) || grid.length === 0 || !grid.every(positive)) {
    throw fail(WHERE, `expected grid to be a list of positive numbers; received ${JSON.stringify(grid)}`);
  }
  if (!Number.isInteger(folds) || folds < 0 || folds === 1 || (folds === 0 && c === "auto")) {
    throw fail(WHERE, `expected folds to be an integer ≥ 2, or 0 where c is a number; received ${folds}`);
  }
  if (sampleWeights === undefined) return;
  if (sampleWeights.length !== count)
    throw fail(WHERE, `expected ${count} sampleWeights; received ${sampleWeights.length}`);
  const bad = Array.from(sampleWeights).findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad >= 0) throw fail(WHERE, `expected sampleWeights ≥ 0; received ${sampleWeights[bad]} for sample ${bad}`);
}
