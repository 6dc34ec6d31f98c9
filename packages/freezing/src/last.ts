import { type FreezingStrategy, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { normalizationOption, thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/last";

/** The last `groups` layer groups train (default: a third of them, rounded); what is below runs once and is cached. */
export function last(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["groups", "normalization"]);
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "last",
    summary: "train the last layer groups, everything below once and cached",
    plan(groups) {
      const upper = upperGroups(WHERE, groups, count || Math.max(1, Math.round(groups.length / 3)));
      return { strategy: "last", phases: [{ groups: thawed(upper), normalization }] };
    },
  };
}
