import { type FreezingPhase, type FreezingPlan, type LayerGroup, pluginNames } from "@graft-ml/core";
import { holds } from "../expectations.ts";

const ROLES = ["kernel", "bias", "scale", "shift", "embedding", "other"];
const MODES = ["frozen", "affine", "live"];

/** Adapters by name, as a barrel holds them. */
export type AdapterBarrel = Readonly<Record<string, unknown>>;

/** Everything that a plan promises, whatever the strategy. */
export function isPlan(
  plan: FreezingPlan,
  strategy: string,
  groups: readonly LayerGroup[],
  adapters: AdapterBarrel,
): void {
  holds(
    plan.strategy === strategy,
    () => `expected the plan's strategy to be "${strategy}"; received ${JSON.stringify(plan.strategy)}`,
  );
  holds(plan.phases.length > 0, () => "expected at least one phase; received none");
  const { rate } = plan;
  holds(
    rate === undefined || (Number.isFinite(rate) && rate > 0),
    () => `expected the plan's learning rate to be positive, or none; received ${rate}`,
  );
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
    holds(
      MODES.includes(phase.normalization),
      () =>
        `${where}: expected normalization to be ${MODES.join(", ")}; received ${JSON.stringify(phase.normalization)}`,
    );
    haveRoles(phase, where);
    areAdapters(phase, where, known, adapters);
    const last = i === plan.phases.length - 1;
    const { epochs } = phase;
    const fits = epochs === undefined ? last : Number.isInteger(epochs) && epochs > 0;
    holds(fits, () => `${where}: expected a positive number of epochs${last ? " or none" : ""}; received ${epochs}`);
  }
}

function haveRoles({ roles }: FreezingPhase, where: string): void {
  if (roles === undefined) return;
  holds(roles.length > 0, () => `${where}: expected at least one role, or no roles; received none`);
  const stray = roles.find((role) => !ROLES.includes(role));
  holds(stray === undefined, () => `${where}: expected roles among ${ROLES.join(", ")}; received "${stray}"`);
}

function areAdapters(
  { adapters: plans = [] }: FreezingPhase,
  where: string,
  groups: ReadonlySet<string>,
  adapters: AdapterBarrel,
): void {
  const known = pluginNames(adapters);
  for (const plan of plans) {
    holds(
      known.includes(plan.adapter),
      () => `${where}: expected an adapter among ${known.join(", ") || "none"}; received "${plan.adapter}"`,
    );
    holds(plan.groups.length > 0, () => `${where}: expected groups for "${plan.adapter}"; received none`);
    holds(
      new Set(plan.groups).size === plan.groups.length,
      () => `${where}: expected each group of "${plan.adapter}" once; received ${plan.groups.join(", ")}`,
    );
    const stray = plan.groups.find((name) => !groups.has(name));
    holds(
      stray === undefined,
      () => `${where}: expected groups of the backbone for "${plan.adapter}"; received "${stray}"`,
    );
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
