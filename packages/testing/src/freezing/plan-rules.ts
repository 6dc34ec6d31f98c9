import type { FreezingPlan, LayerGroup } from "@graft-ml/core";
import { holds } from "../expectations.ts";

/** Everything that a plan promises, whatever the strategy. */
export function isPlan(plan: FreezingPlan, strategy: string, groups: readonly LayerGroup[]): void {
  holds(
    plan.strategy === strategy,
    () => `expected the plan's strategy to be "${strategy}"; received ${JSON.stringify(plan.strategy)}`,
  );
  holds(plan.phases.length > 0, () => "expected at least one phase; received none");
  const known = new Set(groups.map(({ name }) => name));
  for (const [i, phase] of plan.phases.entries()) {
    const where = `phase ${i + 1} of ${plan.phases.length} on ${groups.length} groups`;
    const seen = new Set<string>();
    for (const { name, rate } of phase.groups) {
      holds(known.has(name), () => `${where}: expected groups of the backbone; received "${name}"`);
      holds(!seen.has(name), () => `${where}: expected each group once; received "${name}" twice`);
      holds(
        Number.isFinite(rate) && rate > 0,
        () => `${where}: expected a positive rate for "${name}"; received ${rate}`,
      );
      seen.add(name);
    }
    const mode: unknown = phase.normalization;
    holds(
      mode === "frozen" || mode === "live",
      () => `${where}: expected normalization to be frozen or live; received ${JSON.stringify(mode)}`,
    );
    const last = i === plan.phases.length - 1;
    const { epochs } = phase;
    const fits = epochs === undefined ? last : Number.isInteger(epochs) && epochs > 0;
    holds(fits, () => `${where}: expected a positive number of epochs${last ? " or none" : ""}; received ${epochs}`);
  }
}

/** The phases leave something of the epochs to the last one. */
export function fitsEpochs(plan: FreezingPlan, epochs: number): void {
  const spent =
    plan.phases.slice(0, -1).reduce((sum, phase) => sum + (phase.epochs ?? 0), 0) + (plan.phases.at(-1)?.epochs ?? 1);
  holds(spent <= epochs, () => `expected the phases to fit ${epochs} epochs; they take ${spent}`);
}

/** A copy that throws where somebody writes to it. */
export function frozenGroups(groups: readonly LayerGroup[]): readonly LayerGroup[] {
  return Object.freeze(
    groups.map((group) => Object.freeze({ ...group, initializers: Object.freeze([...group.initializers]) })),
  );
}
