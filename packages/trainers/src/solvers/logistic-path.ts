import { checkInterrupted, type RunControl } from "@graft-ml/core";
import { breather } from "./breather.ts";
import type { Design, DesignInput } from "./design.ts";
import { dualDesign } from "./dual-design.ts";
import { dot, type Evaluation, type MinimizeOptions, type Minimum, minimize, type Objective } from "./lbfgs.ts";
import { logitLoss, oneColumn, twoColumns } from "./logit-loss.ts";
import type { Precondition, Preconditioner } from "./preconditioner.ts";
import { primalDesign } from "./primal-design.ts";
import type { Samples } from "./samples.ts";
import { softmaxLoss } from "./softmax-loss.ts";
import { type Scaling, type Standardization, standardization } from "./standardization.ts";
import type { Fold } from "./stratified-folds.ts";

const WHERE = "trainers/logistic";
/** Of the fits that only choose `c`. */
const PATH_ACCURACY: Accuracy = { tolerance: 1e-3, slack: 1e-4 };
/** Evaluations that one design serves in cross-validation, for choosing a basis. */
const EVALUATIONS = 100;
/** The dual's `[samples, samples]` matrices stay under 128 MB. */
const MAX_DUAL_ROWS = 4000;

/** Makes the loss that is minimized over `[weights [classes, dims], bias [classes]]` of standardized features, as `softmaxLoss` does. */
export type ObjectiveFactory = (
  problem: DesignInput & { readonly scaling: Standardization; readonly classes: number; readonly c: number },
) => Objective;

/** How far the mean loss may stay above its minimum: relative to itself, and at most. */
export interface Accuracy {
  readonly tolerance: number;
  readonly slack?: number;
}

/** What all fits of one call share. */
export interface Fitting {
  readonly samples: Samples;
  readonly sampleWeights: ArrayLike<number> | undefined;
  readonly scaling: Scaling;
  readonly objective: ObjectiveFactory | undefined;
  /** For fits in the space of the features, made when first asked for. */
  readonly preconditioner: () => Preconditioner | undefined;
  readonly control: RunControl | undefined;
}

/** A design with what it was made of. */
export interface PreparedDesign extends Design {
  readonly input: DesignInput;
  readonly scaling: Standardization;
  /** Whether its columns are the features. */
  readonly primal: boolean;
}

/** Standardizes the training part and picks the smaller of the two bases. */
export function prepareDesign(
  { samples, sampleWeights, scaling: kind, objective }: Fitting,
  fold: Fold,
): PreparedDesign {
  const { features, dims, labels } = samples;
  const input: DesignInput = { features, dims, labels, sampleWeights, ...fold };
  const scaling = standardization(features, dims, fold.train, kind);
  const dual = objective === undefined && cheaperDual(fold.train.length, dims, samples.classes);
  return { ...(dual ? dualDesign(input, scaling) : primalDesign(input, scaling)), input, scaling, primal: !dual };
}

/** Compares multiplications: Gram matrix, factor and triangular evaluations against evaluations on the features. */
function cheaperDual(rows: number, dims: number, classes: number): boolean {
  const dual = rows * rows * (0.75 * dims + rows / 6 + EVALUATIONS * classes);
  const primal = EVALUATIONS * rows * dims * (2 * classes + 1);
  return rows <= MAX_DUAL_ROWS && dual < primal;
}

/** Where a fit starts, and what makes it short. */
interface Start {
  /** Default: no weights and the class frequencies. */
  readonly point?: Float64Array | undefined;
  readonly precondition?: Precondition | undefined;
}

/** Minimizes the loss of a design. */
export async function fitDesign(
  { samples: { classes }, objective, control }: Fitting,
  design: PreparedDesign,
  c: number,
  { tolerance, slack = Number.POSITIVE_INFINITY }: Accuracy,
  { point = startOf(design, classes), precondition }: Start = {},
): Promise<Minimum> {
  // The loss is strongly convex with modulus 1 / (c S), so this bounds how far its value is above the minimum.
  const half = (c * totalWeight(design)) / 2;
  const stop = ({ value, gradient }: Evaluation): boolean =>
    half * dot(gradient, gradient) <= Math.min(slack, tolerance * value);
  const options: MinimizeOptions = {
    tolerance: 0,
    stop,
    ...(precondition && { precondition }),
    ...(control && { control }),
  };
  if (classes === 2 && objective === undefined) {
    const minimum = await minimize(logitLoss(design, c), oneColumn(point), options);
    return { ...minimum, point: twoColumns(minimum.point), gradient: twoColumns(minimum.gradient) };
  }
  const loss = objective?.({ ...design.input, scaling: design.scaling, classes, c }) ?? softmaxLoss(design, classes, c);
  return minimize(loss, point, options);
}

/** The preconditioner of a design's fit for `c`; `undefined` where its columns are not the features. */
export function preconditionFor(
  { preconditioner }: Fitting,
  design: PreparedDesign,
  c: number,
  curvature: number,
): Precondition | undefined {
  return design.primal ? preconditioner()?.(curvature, 1 / (c * totalWeight(design))) : undefined;
}

/** Held-out results of a path of `c`, from the smallest on, over all folds. */
export interface Path {
  /** The values of `c` that were tried. */
  readonly values: readonly number[];
  /** Weighted mean log-loss of each `c`; empty without folds. */
  readonly losses: readonly number[];
  /** Index of the least loss; 0 without folds. */
  readonly best: number;
  /** Held-out scores `[samples, classes]` at the best `c`. */
  readonly scores: Float64Array;
  /** Of the scores at the best `c`; without folds of the class frequencies. */
  readonly curvature: number;
  readonly evaluations: number;
}

/**
 * Fits every fold for each value of `c`, each fit starting from the last one's solution. The loss falls and then rises
 * along the path, and weak penalties take the longest: two losses in a row above the least end it. A last value lies where the
 * parabola through the best three has its least.
 */
export async function fitPath(fitting: Fitting, folds: readonly Fold[], values: readonly number[]): Promise<Path> {
  const { samples, control } = fitting;
  const breathe = breather();
  const runs: FoldRun[] = [];
  const losses: number[] = [];
  let best = 0;
  let scores = new Float64Array(0);
  let curvature = uninformed(fitting);
  let reached = curvature;
  let evaluations = 0;
  const tried: number[] = [];
  const attempt = async (c: number): Promise<void> => {
    const held = new Float64Array(samples.count * samples.classes);
    let precondition: Precondition | undefined;
    for (const [i, fold] of folds.entries()) {
      checkInterrupted(control?.signal, WHERE);
      await breathe();
      runs[i] ??= { fold, design: prepareDesign(fitting, fold), point: undefined };
      // Folds are alike enough to share one, and the last c's curvature is near this one's.
      if (i === 0) precondition = preconditionFor(fitting, runs[i].design, c, reached);
      evaluations += await advance(fitting, runs[i], c, precondition, held);
    }
    const judged = judge(fitting, held);
    reached = judged.curvature;
    tried.push(c);
    losses.push(judged.loss);
    if (losses.at(-1)! > losses[best]!) return;
    best = losses.length - 1;
    scores = held;
    curvature = reached;
  };
  for (const c of folds.length === 0 ? [] : values) {
    control?.onEvent?.({ type: "progress", stage: "cross-validation", done: losses.length, total: values.length });
    await attempt(c);
    if (losses.length - 1 >= best + 2) break;
  }
  const between = vertex(tried, losses, best);
  if (between !== undefined) await attempt(between);
  return { values: tried.length > 0 ? tried : values, losses, best, scores, curvature, evaluations };
}

/** Where the parabola through the least loss and its neighbours, over log c, has its minimum; `undefined` at an end of the path. */
function vertex(values: readonly number[], losses: readonly number[], best: number): number | undefined {
  if (best === 0 || best + 1 >= losses.length) return undefined;
  const [a, b, c] = [best - 1, best, best + 1].map((i) => Math.log(values[i]!)) as [number, number, number];
  const [fa, fb, fc] = [losses[best - 1]!, losses[best]!, losses[best + 1]!];
  const left = (b - a) * (fb - fc);
  const right = (b - c) * (fb - fa);
  return left === right ? undefined : Math.exp(b - ((b - a) * left - (b - c) * right) / (2 * (left - right)));
}

interface FoldRun {
  readonly fold: Fold;
  readonly design: PreparedDesign;
  point: Float64Array | undefined;
}

/** Fits one fold for the next `c`, writes its held-out scores and tells how many evaluations that took. */
async function advance(
  fitting: Fitting,
  run: FoldRun,
  c: number,
  precondition: Precondition | undefined,
  held: Float64Array,
): Promise<number> {
  const { classes } = fitting.samples;
  const { fold, design } = run;
  const { point, evaluations } = await fitDesign(fitting, design, c, PATH_ACCURACY, {
    point: run.point,
    // A fold of fewer samples than the first may be in another basis.
    precondition: design.primal ? precondition : undefined,
  });
  run.point = point;
  const scores = design.heldOutScores(point, classes);
  const bias = point.subarray(classes * design.columns);
  fold.heldOut.forEach((row, r) => {
    for (let k = 0; k < classes; k++) held[row * classes + k] = scores[r * classes + k]! + bias[k]!;
  });
  return evaluations;
}

/** Sum of the weights of a design's rows. */
export function totalWeight(design: Design): number {
  return design.rowWeights.reduce((sum, weight) => sum + weight, 0);
}

function startOf(design: Design, classes: number): Float64Array {
  const totals = new Float64Array(classes);
  design.labels.forEach((label, row) => {
    totals[label] = totals[label]! + design.rowWeights[row]!;
  });
  // The optimum without weights; centred, since a shift of all biases changes nothing.
  const logs = totals.map((total) => Math.log(Math.max(total, Number.MIN_VALUE)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / classes;
  const start = new Float64Array(classes * (design.columns + 1));
  start.set(
    logs.map((value) => value - mean),
    classes * design.columns,
  );
  return start;
}

/** Weighted means over all samples of the log-loss and of its curvature: the variance of a class's score, `(1 - Σ pₖ²) / (K - 1)`. */
function judge(
  { samples: { labels, count, classes }, sampleWeights }: Fitting,
  scores: Float64Array,
): { loss: number; curvature: number } {
  let loss = 0;
  let curvature = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    const most = row.reduce((a, b) => Math.max(a, b));
    const logSum = most + Math.log(row.reduce((all, score) => all + Math.exp(score - most), 0));
    const weight = sampleWeights?.[i] ?? 1;
    loss += weight * (logSum - row[labels[i]!]!);
    curvature += weight * (1 - row.reduce((sum, score) => sum + Math.exp(2 * (score - logSum)), 0));
    total += weight;
  }
  return { loss: loss / total, curvature: curvature / total / (classes - 1) };
}

/** The curvature where nothing but the class frequencies is known. */
function uninformed({ samples: { count, classes, classCounts } }: Fitting): number {
  return (1 - classCounts.reduce((sum, size) => sum + (size / count) ** 2, 0)) / (classes - 1);
}
