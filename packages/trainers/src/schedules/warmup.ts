import { numberOption, type PlainOptions } from "@graft-ml/core";

/** The linear rise at the start of a training. */
export interface Warmup {
  /** The multiple of the base rate while it rises, from 0 on, and `undefined` afterwards. */
  rise(step: number, steps: number): number | undefined;
  /** Share of the steps after the rise that are done, 0..1. */
  progress(step: number, steps: number): number;
}

/** Reads the option `warmup`, the share of the steps that rise: a part of a step counts as a whole one, as in transformers. */
export function warmupOption(where: string, options: PlainOptions, fallback: number): Warmup {
  const share = numberOption(where, options, "warmup", fallback, { min: 0, max: 1 });
  const rising = (steps: number): number => Math.ceil(share * steps);
  return {
    rise: (step, steps) => (step < rising(steps) ? step / rising(steps) : undefined),
    progress: (step, steps) => (step - rising(steps)) / Math.max(1, steps - rising(steps)),
  };
}
