import { float32, type Head, type TargetSpec, type Tensor, type Tensors } from "@graft-ml/core";
import type { Optimizer } from "./optimizers/optimizer.ts";

/** What decides which inputs a training step has. */
export interface StepFeedSpec<Target> {
  /** Name of the input that samples are fed to. */
  readonly boundary: string;
  readonly head: Head<Target>;
  readonly targets: TargetSpec;
  readonly optimizer: Optimizer;
}

/** One batch on its way into a training step. */
export interface StepBatch<Target> {
  /** Values at the boundary, `[batch, ...]`. */
  readonly values: Tensor;
  readonly targets: readonly Target[];
  /** Weight of each sample in the loss, `[batch]`. Default: 1 each. */
  readonly weights?: readonly number[];
  /** Learning rate of this step. */
  readonly rate: number;
  /** Number of the step, counted from 1. */
  readonly step: number;
}

/** All that a step made by `trainingStep` is fed: boundary, targets, `sample_weight`, `learning_rate`, the optimizer's scalars. */
export function stepFeed<Target>(
  { boundary, head, targets, optimizer }: StepFeedSpec<Target>,
  batch: StepBatch<Target>,
): Tensors {
  const length = batch.targets.length;
  return {
    [boundary]: batch.values,
    ...head.encode(batch.targets, targets),
    sample_weight: float32([length], batch.weights ?? new Array<number>(length).fill(1)),
    learning_rate: float32([], [batch.rate]),
    ...optimizer.scalars(batch.step),
  };
}
