import { type FreezingStrategy, fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { normalizationOption, thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/lp-ft";
const PROBE = 5;

/**
 * Linear probing, then fine-tuning from the head that it found, which distorts features less than a random head does (Kumar et al.,
 * ICLR 2022). `probe`: epochs of the head alone, default half of all (5 where no number is asked for). `rate`: multiple of the base rate
 * for the layers afterwards, default 1. `groups`: fine-tune the last ones only.
 */
export function lpFt(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["probe", "rate", "groups", "normalization"]);
  const asked = numberOption(WHERE, options, "probe", 0, { min: 1, integer: true });
  const rate = numberOption(WHERE, options, "rate", 1, { min: 1e-6, max: 100 });
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "lp-ft",
    summary: "train the head alone, then every layer (linear probing, then fine-tuning)",
    plan(groups, { epochs }) {
      const probe = asked || Math.max(1, epochs === undefined ? PROBE : Math.floor(epochs / 2));
      if (epochs !== undefined && epochs <= probe) {
        throw fail(WHERE, `expected epochs > ${probe}, those of the head alone; received ${epochs}`);
      }
      const upper = thawed(upperGroups(WHERE, groups, count)).map((group) => ({ ...group, rate }));
      return {
        strategy: "lp-ft",
        phases: [
          { groups: [], normalization: "frozen", epochs: probe },
          { groups: upper, normalization },
        ],
      };
    },
  };
}
