import { type FreezingStrategy, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { normalizationOption, thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/discriminative";

/**
 * Every group trains, the lower the slower: each at `decay` times the rate of the one above it, the uppermost at `decay` times the
 * head's (discriminative fine-tuning, Howard & Ruder, ACL 2018, eq. 2, there with 1/2.6 over four groups; layer-wise rate decay).
 * `decay`, 0..1, defaults to 0.65, which BEiT (Bao et al., ICLR 2022) uses for twelve blocks. `groups`: only the last ones train.
 */
export function discriminative(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["decay", "groups", "normalization"]);
  const decay = numberOption(WHERE, options, "decay", 0.65, { min: 0.01, max: 1 });
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "discriminative",
    summary: "train every layer, the lower the slower (layer-wise rate decay)",
    plan: (groups) => ({
      strategy: "discriminative",
      phases: [{ groups: thawed(upperGroups(WHERE, groups, count), decay), normalization }],
    }),
  };
}
