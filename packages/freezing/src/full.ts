import { choiceOption, type FreezingStrategy, onlyOptions, type PlainOptions } from "@graft-ml/core";

/** Everything trains (full fine-tuning); `normalization` defaults to `frozen`, which small batches need. */
export function full(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions("freezing/full", options, ["normalization"]);
  const normalization = choiceOption("freezing/full", options, "normalization", "frozen", ["frozen", "live"]);
  return {
    name: "full",
    summary: "train every layer (full fine-tuning)",
    plan: (groups) => ({
      strategy: "full",
      phases: [{ groups: groups.map(({ name }) => ({ name, rate: 1 })), normalization }],
    }),
  };
}
