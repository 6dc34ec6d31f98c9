import { checkInterrupted, type RunControl } from "@graft-ml/core";
import { breather } from "./breather.ts";
import { searchLine } from "./line-search.ts";

/** Value and gradient of a function at a point. The gradient is a fresh array. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A smooth function to minimize, computed here or by an engine. */
export type Objective = (point: Float64Array) => Evaluation | Promise<Evaluation>;

/** How far and how exactly to minimize. */
export interface MinimizeOptions {
  /** Pairs of steps and gradient changes that are remembered. Default: 10. */
  readonly memory?: number;
  /** Stops when no component of the gradient is larger. Default: 1e-6. */
  readonly tolerance?: number;
  /** Default: 1000. */
  readonly maxIterations?: number;
  /** Stops where this holds, besides where `tolerance` is met. Default: never. */
  readonly stop?: (at: Evaluation) => boolean;
  /** Multiplies by an approximate inverse Hessian, symmetric and positive definite. Default: a multiple of the identity. */
  readonly precondition?: (vector: Float64Array) => Float64Array;
  readonly control?: RunControl;
}

/** Where the minimization stopped. */
export interface Minimum extends Evaluation {
  readonly point: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  /** Whether a stopping rule was met; if not, iterations ran out or rounding left nothing to gain. */
  readonly converged: boolean;
}

/** Limited-memory BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.5) with a strong Wolfe line search. */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { memory = 10, tolerance = 1e-6, maxIterations = 1000, stop, precondition, control } = options;
  const breathe = breather();
  const pairs: Pair[] = [];
  let point: Float64Array = start.slice();
  let { value, gradient } = await objective(point);
  let evaluations = 1;
  let iterations = 0;
  const condition = precondition ?? ((vector: Float64Array): Float64Array => vector);
  let conditioned = condition(gradient);
  const done = (): boolean => largest(gradient) <= tolerance || stop?.({ value, gradient }) === true;
  let converged = done();
  while (!converged && iterations < maxIterations) {
    checkInterrupted(control?.signal, "trainers/lbfgs");
    await breathe();
    let direction = descend(gradient, conditioned, pairs);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      direction = negated(gradient);
      slope = dot(direction, gradient);
    }
    // With neither a remembered pair nor a preconditioner the gradient has no scale: start with a step of length at most 1.
    const first = pairs.length > 0 || precondition ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    const found = await searchLine(objective, point, direction, { value, gradient }, slope, first);
    evaluations += found.evaluations;
    if (found.step === 0) {
      if (pairs.length === 0) break;
      pairs.length = 0; // one more try without memory
      continue;
    }
    iterations++;
    const before = { point, gradient, conditioned };
    ({ point, value, gradient } = found);
    converged = done();
    if (converged) break;
    conditioned = condition(gradient);
    remember(pairs, memory, { point, gradient, conditioned }, before);
  }
  return { point, value, gradient, iterations, evaluations, converged };
}

interface Place {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  /** The gradient times the preconditioner. */
  readonly conditioned: Float64Array;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** The change times the preconditioner, kept since applying that again may cost as much as the objective. */
  readonly conditioned: Float64Array;
  readonly curvature: number;
}

function remember(pairs: Pair[], memory: number, to: Place, from: Place): void {
  const step = difference(to.point, from.point);
  const change = difference(to.gradient, from.gradient);
  const curvature = dot(step, change);
  if (!(curvature > Number.EPSILON * dot(change, change))) return;
  pairs.push({ step, change, conditioned: difference(to.conditioned, from.conditioned), curvature });
  if (pairs.length > memory) pairs.shift();
}

/** The two-loop recursion (Nocedal & Wright 2006, algorithm 7.4), begun with a multiple of the preconditioner. */
function descend(gradient: Float64Array, conditioned: Float64Array, pairs: readonly Pair[]): Float64Array {
  const rest = negated(gradient);
  const direction = negated(conditioned);
  const alphas = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const pair = pairs[i]!;
    alphas[i] = dot(pair.step, rest) / pair.curvature;
    addScaled(rest, -alphas[i]!, pair.change);
    addScaled(direction, -alphas[i]!, pair.conditioned);
  }
  const last = pairs.at(-1);
  // The preconditioner's scale may be far off, as where a fit grows certain of its samples.
  if (last) scaleBy(direction, last.curvature / dot(last.change, last.conditioned));
  for (let i = 0; i < pairs.length; i++) {
    const { step, change, curvature } = pairs[i]!;
    addScaled(direction, alphas[i]! - dot(change, direction) / curvature, step);
  }
  return direction;
}

function negated(vector: Float64Array): Float64Array {
  const out = new Float64Array(vector.length);
  for (let i = 0; i < out.length; i++) out[i] = -vector[i]!;
  return out;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}

function scaleBy(vector: Float64Array, scale: number): void {
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! * scale;
}

function addScaled(target: Float64Array, scale: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + scale * source[i]!;
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (const value of vector) {
    if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, Math.abs(value));
  }
  return most;
}

/** Inner product of two vectors of one length. */
export function dot(a: Float64Array, b: Float64Array): number {
  let [even, odd] = [0, 0];
  let i = 0;
  for (; i + 1 < a.length; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  return even + odd + (i < a.length ? a[i]! * b[i]! : 0);
}
