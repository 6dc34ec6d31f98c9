import { type FreezingStrategy, fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { normalizationOption, thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/gradual-unfreezing";

/**
 * First the head alone trains, then one group more each phase, from the top (Howard & Ruder, ULMFiT, ACL 2018, section 3.3).
 * `epochs` a phase default to 1; the last phase takes what remains. Where the epochs asked for do not suffice, several groups thaw at
 * a time. `groups`: thaw the last ones only. `decay` (default 1) slows lower groups as in `discriminative`; ULMFiT has 1/2.6.
 */
export function gradualUnfreezing(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["epochs", "groups", "decay", "normalization"]);
  const each = numberOption(WHERE, options, "epochs", 1, { min: 1, integer: true });
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const decay = numberOption(WHERE, options, "decay", 1, { min: 0.01, max: 1 });
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "gradual-unfreezing",
    summary: "train the head, then one layer group more each phase, from the top (ULMFiT)",
    plan(groups, { epochs }) {
      const upper = upperGroups(WHERE, groups, count);
      const steps = Math.min(upper.length, epochs === undefined ? upper.length : Math.floor(epochs / each) - 1);
      if (steps < 1) {
        throw fail(WHERE, `expected epochs ≥ ${2 * each}, two phases of ${each}; received ${epochs}`);
      }
      const phases = Array.from({ length: steps + 1 }, (_, i) => ({
        groups: i === 0 ? [] : thawed(upperGroups(WHERE, upper, Math.ceil((i * upper.length) / steps)), decay),
        normalization: i === 0 ? ("frozen" as const) : normalization,
        ...(i < steps && { epochs: each }),
      }));
      return { strategy: "gradual-unfreezing", phases };
    },
  };
}
