import type { FreezingStrategy, Head, PlanContext, TargetSpec } from "@graft-ml/core";
import { openEngine } from "@graft-ml/runtime";
import type { Subject } from "../subject.ts";
import type { TransferOptions } from "../transfer.ts";
import { measureGroups } from "./measure-groups.ts";

/** What a strategy may look at: the epochs that are asked for, and measures of the layer groups where it needs them. */
export async function planContext(
  { needs = [] }: FreezingStrategy,
  options: Pick<TransferOptions, "epochs" | "seed" | "control">,
  { backbone, supply }: Pick<Subject, "backbone" | "supply">,
  head: Head,
  targets: TargetSpec,
): Promise<PlanContext> {
  const { epochs, seed = 0, control } = options;
  const asked = epochs === undefined ? {} : { epochs };
  if (!needs.includes("measures")) return asked;
  const started = performance.now();
  const engine = await openEngine("onnxruntime");
  const { train } = await supply.at(backbone.card.input);
  const measures = await measureGroups(backbone, train, head, targets, {
    engine,
    seed,
    ...(control && { control }),
  });
  const spentSeconds = (performance.now() - started) / 1000;
  return { ...asked, samples: train.length, features: backbone.card.numFeatures, measures, spentSeconds };
}
