import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Schedule } from "./schedule.ts";
import { warmupOption } from "./warmup.ts";

/**
 * Half a cosine from the base rate down (Loshchilov and Hutter, ICLR 2017, eq. 5 without restarts), as PyTorch's `CosineAnnealingLR`
 * and, with a linear rise before it, transformers' `get_cosine_schedule_with_warmup` compute it.
 * Defaults: no share of the steps rises (`warmup`), the rate would be 0 (`end`, a multiple of the base rate) after the last step.
 */
export function cosine(options: PlainOptions = {}): Schedule {
  const where = "trainers/cosine";
  onlyOptions(where, options, ["warmup", "end"]);
  const warmup = warmupOption(where, options, 0);
  const end = numberOption(where, options, "end", 0, { min: 0, max: 1 });
  return {
    name: "cosine",
    summary: "down by half a cosine, after a linear rise on request",
    multiple: (step, steps) =>
      warmup.rise(step, steps) ?? end + ((1 - end) / 2) * (1 + Math.cos(Math.PI * warmup.progress(step, steps))),
  };
}
