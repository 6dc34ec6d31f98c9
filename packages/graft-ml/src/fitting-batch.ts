import { type Engine, fail } from "@graft-ml/core";
import { type SampleSource, trainingMemory } from "@graft-ml/trainers";
import { type FitTask, type TrainSettings, untrained } from "./fit-head.ts";

/** Share of the free memory that a step may take: predictions are right within a quarter. */
const SHARE = 0.8;

/** The batch, halved until a step fits into the memory that is free; says so where it had to be. */
export function fittingBatch(
  engine: Engine,
  task: Omit<FitTask, "train"> & { readonly train: Pick<SampleSource, "paddings"> },
  settings: Omit<TrainSettings, "engine" | "validation">,
  free: number = process.availableMemory(),
): number {
  const { cut: phase, head, targets, control } = task;
  const spec = { ...settings, headed: untrained(task), head, targets, rates: phase.rates, data: task.train };
  const needs = (batch: number): number => trainingMemory(engine, spec, batch);
  const asked = needs(settings.batch);
  let [batch, bytes] = [settings.batch, asked];
  while (bytes > SHARE * free && batch > 1) {
    batch = Math.ceil(batch / 2);
    bytes = needs(batch);
  }
  const size = (value: number): string => `${(value / 1e9).toFixed(2)} GB`;
  if (bytes > SHARE * free) {
    throw fail(
      "graft/transfer",
      `a training step needs about ${size(bytes)} even for one sample; ${size(free)} of memory are free. Freeze more layers, or free memory`,
    );
  }
  if (batch < settings.batch) {
    control?.onEvent?.({
      type: "notice",
      message: `[graft/transfer] a step of ${settings.batch} would need about ${size(asked)} of memory, ${size(free)} are free: training with batches of ${batch}`,
    });
  }
  return batch;
}
