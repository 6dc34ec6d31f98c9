import { type FreezingStrategy, fail, onlyOptions, type PlainOptions, unknownName } from "@graft-ml/core";
import { readPlan } from "./read-plan.ts";

const WHERE = "freezing/planned";

/** A plan as it stands: one that was saved, perhaps edited, and is passed back as `plan`. Refused where it does not fit the layer groups. */
export function planned(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["plan"]);
  const read = options.plan === undefined ? undefined : readPlan(WHERE, options.plan);
  return {
    name: "planned",
    summary: "a plan that was saved, and perhaps edited, as it stands",
    plan(groups, { epochs }) {
      if (read === undefined) throw fail(WHERE, "expected plan, a freezing plan as JSON; received none");
      const { phases, rate } = read;
      const known = groups.map(({ name }) => name);
      for (const phase of phases) {
        const named = [
          ...phase.groups.map(({ name }) => name),
          ...(phase.adapters ?? []).flatMap((each) => each.groups),
        ];
        const stray = named.find((name) => !known.includes(name));
        if (stray !== undefined) throw unknownName(WHERE, "layer group", stray, known);
      }
      const least = phases.reduce((sum, phase) => sum + (phase.epochs ?? 1), 0);
      if (epochs !== undefined && least > epochs) {
        throw fail(
          WHERE,
          `the plan's phases take at least ${least} epochs, and ${epochs} are asked for. Shorten phases, or ask for more`,
        );
      }
      return { strategy: "planned", phases, ...(rate !== undefined && { rate }) };
    },
  };
}
