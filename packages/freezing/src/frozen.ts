import { type FreezingStrategy, onlyOptions, type PlainOptions } from "@graft-ml/core";

/** Nothing of the backbone trains: features are extracted once and the head is solved on them (linear probing). */
export function frozen(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions("freezing/frozen", options, []);
  return {
    name: "frozen",
    summary: "train the head alone on features extracted once (linear probing)",
    plan: () => ({ strategy: "frozen", phases: [{ groups: [], normalization: "frozen" }] }),
  };
}
