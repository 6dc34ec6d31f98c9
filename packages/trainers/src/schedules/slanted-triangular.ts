import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Schedule } from "./schedule.ts";

/**
 * A short steep rise and a long decay (Howard and Ruder, ACL 2018, eq. 3); the base rate is the peak.
 * Defaults: 10 % of the steps rise (`cut`), the lowest rate is 1/32 of the peak (`ratio`).
 * The paper's decay is as long as the uncut share of a whole number of rises; here it always ends with the training.
 */
export function slantedTriangular(options: PlainOptions = {}): Schedule {
  const where = "trainers/slanted-triangular";
  onlyOptions(where, options, ["cut", "ratio"]);
  const share = numberOption(where, options, "cut", 0.1, { min: 0, max: 1 });
  const ratio = numberOption(where, options, "ratio", 32, { min: 1 });
  return {
    name: "slanted-triangular",
    summary: "a short steep rise and a long decay: what ULMFiT is fine-tuned with",
    multiple(step, steps) {
      const cut = Math.floor(steps * share);
      const height = step < cut ? step / cut : 1 - (step - cut) / Math.max(1, steps - cut);
      return (1 + height * (ratio - 1)) / ratio;
    },
  };
}
