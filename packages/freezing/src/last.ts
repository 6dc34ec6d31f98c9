import {
  choiceOption,
  type FreezingStrategy,
  fail,
  numberOption,
  onlyOptions,
  type PlainOptions,
} from "@graft-ml/core";

const WHERE = "freezing/last";

/** The last `groups` layer groups train (default: a third of them, rounded); what is below runs once and is cached. */
export function last(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["groups", "normalization"]);
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const normalization = choiceOption(WHERE, options, "normalization", "frozen", ["frozen", "live"]);
  return {
    name: "last",
    summary: "train the last layer groups, everything below once and cached",
    plan(groups) {
      const wanted = count || Math.max(1, Math.round(groups.length / 3));
      if (wanted > groups.length) {
        throw fail(
          WHERE,
          `expected groups ≤ ${groups.length}, the backbone's number of layer groups; received ${wanted}`,
        );
      }
      return {
        strategy: "last",
        phases: [
          { groups: groups.slice(groups.length - wanted).map(({ name }) => ({ name, rate: 1 })), normalization },
        ],
      };
    },
  };
}
