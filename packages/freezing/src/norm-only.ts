import { choiceOption, type FreezingStrategy, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/norm-only";

/**
 * Only scales and shifts of normalisations train (Frankle, Schwab & Morcos, ICLR 2021). `normalization`: "affine" (default) keeps running
 * statistics, "live" takes those of the batch as the paper does. `groups`: in the last groups only, which keeps the part below cached.
 */
export function normOnly(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["groups", "normalization"]);
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  const normalization = choiceOption(WHERE, options, "normalization", "affine", ["affine", "live"]);
  return {
    name: "norm-only",
    summary: "train scales and shifts of normalisations alone",
    plan: (groups) => ({
      strategy: "norm-only",
      phases: [{ groups: thawed(upperGroups(WHERE, groups, count)), roles: ["scale", "shift"], normalization }],
      rate: 1e-3,
    }),
  };
}
