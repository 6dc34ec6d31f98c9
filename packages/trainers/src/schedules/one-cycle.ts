import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Schedule } from "./schedule.ts";

/**
 * Smith and Topin's one-cycle policy (2018) with cosine ramps, as PyTorch's `OneCycleLR` computes it; the base rate is the peak.
 * Defaults: 30 % of the steps rise (`warmup`), from 1/25 (`start`), down to 1/250,000 (`end`) of the peak.
 */
export function oneCycle(options: PlainOptions = {}): Schedule {
  const where = "trainers/one-cycle";
  onlyOptions(where, options, ["warmup", "start", "end"]);
  const warmup = numberOption(where, options, "warmup", 0.3, { min: 0, max: 1 });
  const start = numberOption(where, options, "start", 1 / 25, { min: 0, max: 1 });
  const end = numberOption(where, options, "end", 1 / 250_000, { min: 0, max: 1 });
  const cosine = (from: number, to: number, share: number): number =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  return {
    name: "one-cycle",
    summary: "up to the peak and down to almost nothing, by cosines",
    multiple(step, steps) {
      // With three steps or fewer there is no time to rise; the first step is then the peak.
      const peak = Math.max(0, warmup * steps - 1);
      if (step < peak) return cosine(start, 1, step / peak);
      return cosine(1, end, (step - peak) / Math.max(1, steps - 1 - peak));
    },
  };
}
