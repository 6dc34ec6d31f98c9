import type { Evaluation, Objective } from "./lbfgs.ts";

/** A point on the line; `step` 0 means that nothing better was found. */
export interface LinePoint extends Evaluation {
  readonly point: Float64Array;
  readonly step: number;
  readonly evaluations: number;
}

interface Trial extends Evaluation {
  readonly point: Float64Array;
  readonly step: number;
  readonly slope: number;
}

/** Sufficient decrease and curvature (Nocedal & Wright 2006, equation 3.7). */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 30;

/**
 * A step that meets the strong Wolfe conditions, bracketed and then narrowed by cubic interpolation
 * (Nocedal & Wright 2006, algorithms 3.5 and 3.6). Where the decrease drowns in rounding, the slope decides
 * (the approximate Wolfe conditions of Hager & Zhang 2005, equation 4.1).
 */
export async function searchLine(
  objective: Objective,
  origin: Float64Array,
  direction: Float64Array,
  start: Evaluation,
  slope: number,
  first: number,
): Promise<LinePoint> {
  const zero: Trial = { ...start, point: origin, step: 0, slope };
  const noise = 1e-13 * Math.abs(start.value);
  let evaluations = 0;
  const tryStep = async (step: number): Promise<Trial> => {
    evaluations++;
    const point = origin.slice();
    for (let i = 0; i < point.length; i++) point[i] = point[i]! + step * direction[i]!;
    const { value, gradient } = await objective(point);
    let along = 0;
    for (let i = 0; i < gradient.length; i++) along += gradient[i]! * direction[i]!;
    return { point, step, slope: along, value, gradient };
  };
  const tooHigh = (t: Trial): boolean =>
    !(
      t.value <= start.value + DECREASE * t.step * slope ||
      (t.value <= start.value + noise && t.slope <= (2 * DECREASE - 1) * slope)
    );
  const flat = (t: Trial): boolean => Math.abs(t.slope) <= -CURVATURE * slope;

  let low = zero;
  let high: Trial | undefined;
  for (let step = first; evaluations < MAX_EVALUATIONS; ) {
    const trial = await tryStep(step);
    if (tooHigh(trial) || (low.step > 0 && trial.value > low.value + noise)) high = trial;
    else if (flat(trial)) return { ...trial, evaluations };
    else {
      // The minimum lies beyond the trial where it still falls, and between the two where it rises.
      if (trial.slope * ((high?.step ?? Number.POSITIVE_INFINITY) - low.step) >= 0) high = low;
      low = trial;
    }
    if (high === undefined) step = 4 * trial.step;
    else {
      if (Math.abs(high.step - low.step) <= 1e-14 * Math.max(high.step, low.step)) break;
      step = interpolate(low, high);
    }
  }
  return { ...low, evaluations };
}

/** The minimum of the cubic through two trials (Nocedal & Wright 2006, equation 3.59), kept a tenth away from both. */
function interpolate(a: Trial, b: Trial): number {
  const width = b.step - a.step;
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const share = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  const inside = Number.isFinite(share) ? Math.min(0.9, Math.max(0.1, share)) : 0.5;
  return a.step + inside * width;
}
