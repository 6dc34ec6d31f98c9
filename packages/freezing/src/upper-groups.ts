import { choiceOption, type FreezingPhase, fail, type LayerGroup, type PlainOptions } from "@graft-ml/core";

/** The `count` layer groups nearest to the head, from input to output; all of them where `count` is 0. */
export function upperGroups(where: string, groups: readonly LayerGroup[], count: number): readonly LayerGroup[] {
  if (count > groups.length) {
    throw fail(where, `expected groups ≤ ${groups.length}, the backbone's number of layer groups; received ${count}`);
  }
  return count === 0 ? groups : groups.slice(groups.length - count);
}

/** Groups as a phase thaws them, from input to output; the uppermost gets `decay` times the head's rate, each below `decay` times the next. */
export function thawed(groups: readonly LayerGroup[], decay = 1): FreezingPhase["groups"] {
  return groups.map(({ name }, i) => ({ name, rate: decay ** (groups.length - i) }));
}

/** Reads what becomes of batch normalisation in thawed groups. Default: "frozen". */
export function normalizationOption(
  where: string,
  options: PlainOptions,
  fallback: FreezingPhase["normalization"] = "frozen",
): FreezingPhase["normalization"] {
  return choiceOption(where, options, "normalization", fallback, ["frozen", "affine", "live"]);
}
