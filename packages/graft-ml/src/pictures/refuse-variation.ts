import { type Backbone, fail, type Preprocessing } from "@graft-ml/core";
import { type Solver, solvers } from "@graft-ml/trainers";
import type { PlannedPhase } from "../plans/plan-phases.ts";
import type { TransferOptions } from "../transfer.ts";

/** Refuses augmentation and mixing that some phase could not use, before anything expensive. */
export function refuseVariation(
  {
    augmentation = [],
    mixing,
    solver = solvers.logistic(),
  }: Pick<TransferOptions, "augmentation" | "mixing" | "solver">,
  { card }: Backbone<Preprocessing>,
  phases: readonly Pick<PlannedPhase, "solved" | "cut">[],
): void {
  if (augmentation.length > 0 && phases.some(({ solved }) => solved)) refuseViews(solver);
  const hidden = phases.find(({ cut }) => cut.boundary !== card.features);
  if (mixing === undefined || hidden === undefined || !("tokenizer" in card.preprocessing)) return;
  throw fail(
    "graft/mixing",
    `"${mixing.name}" mixes texts at their features "${card.features}" only; training starts at "${hidden.cut.boundary}". Leave it out, or take the freezing frozen`,
  );
}

function refuseViews({ name, takesViews = true }: Solver): void {
  if (takesViews) return;
  throw fail(
    "graft/augmentation",
    `the solver "${name}" takes one row a sample, and augmentation gives several. Take logistic, or leave augmentation out`,
  );
}
