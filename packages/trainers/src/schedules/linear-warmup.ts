import { onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Schedule } from "./schedule.ts";
import { warmupOption } from "./warmup.ts";

/**
 * Straight up to the base rate and straight down to 0 (Devlin et al., NAACL 2019, appendix A.2), as transformers'
 * `get_linear_schedule_with_warmup` computes it: the very first step has rate 0 where there is a rise.
 * Default: 10 % of the steps rise (`warmup`).
 */
export function linearWarmup(options: PlainOptions = {}): Schedule {
  const where = "trainers/linear-warmup";
  onlyOptions(where, options, ["warmup"]);
  const warmup = warmupOption(where, options, 0.1);
  return {
    name: "linear-warmup",
    summary: "straight up, then straight down to nothing: what BERT is fine-tuned with",
    multiple: (step, steps) => warmup.rise(step, steps) ?? 1 - warmup.progress(step, steps),
  };
}
