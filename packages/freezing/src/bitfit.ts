import { type FreezingStrategy, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { thawed, upperGroups } from "./upper-groups.ts";

const WHERE = "freezing/bitfit";

/**
 * Only what is added trains: biases, and the shifts of normalisations (BitFit: Ben Zaken, Ravfogel & Goldberg, ACL 2022). Running
 * statistics stay. `groups`: in the last groups only, which keeps the part below cached. Few weights take a larger
 * learning rate than all of them: 1e-3 where nobody gives one.
 */
export function bitfit(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["groups"]);
  const count = numberOption(WHERE, options, "groups", 0, { min: 1, integer: true });
  return {
    name: "bitfit",
    summary: "train biases and the shifts of normalisations alone (BitFit)",
    plan: (groups) => ({
      strategy: "bitfit",
      phases: [
        { groups: thawed(upperGroups(WHERE, groups, count)), roles: ["bias", "shift"], normalization: "affine" },
      ],
      rate: 1e-3,
    }),
  };
}
