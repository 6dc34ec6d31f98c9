import { type FreezingStrategy, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { normalizationOption, thawed } from "./upper-groups.ts";

/** Everything trains (full fine-tuning); `normalization` defaults to `frozen`, which small batches need. */
export function full(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions("freezing/full", options, ["normalization"]);
  const normalization = normalizationOption("freezing/full", options);
  return {
    name: "full",
    summary: "train every layer (full fine-tuning)",
    plan: (groups) => ({ strategy: "full", phases: [{ groups: thawed(groups), normalization }] }),
  };
}
