import { float32, type Head, type TargetSpec, type Tensors } from "@graft-ml/core";
import { UPDATE } from "./accumulation.ts";
import { AVERAGE_DECAY, averageDecay } from "./averages.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { MIX_SHARE, partnerInput } from "./sample-losses.ts";

/** What decides which inputs a training step has. */
export interface StepFeedSpec<Target> {
  readonly head: Head<Target>;
  readonly targets: TargetSpec;
  readonly optimizer: Optimizer;
  readonly accumulate?: number;
  readonly ema?: number;
}

/** One batch on its way into a training step. */
export interface StepBatch<Target> {
  /** What the network takes of the samples: values at the boundary, a mask, ..., `[batch, ...]` each. */
  readonly inputs: Tensors;
  readonly targets: readonly Target[];
  /** Weight of each sample in the loss, `[batch]`. Default: 1 each. */
  readonly weights?: readonly number[];
  /** Of samples that are mixtures: the targets of their partners, and each sample's own share, `[batch]`. */
  readonly partners?: { readonly targets: readonly Target[]; readonly shares: readonly number[] };
  /** Learning rate of this step. */
  readonly rate: number;
  /** Number of the update, counted from 1. */
  readonly step: number;
  /** Whether the weights move with this batch; where gradients are gathered over several, the last one moves them. Default: true. */
  readonly applies?: boolean;
}

/** All that a step made by `trainingStep` is fed: inputs, targets, `sample_weight`, `learning_rate`, the optimizer's scalars. */
export function stepFeed<Target>(
  { head, targets, optimizer, accumulate = 1, ema }: StepFeedSpec<Target>,
  batch: StepBatch<Target>,
): Tensors {
  const length = batch.targets.length;
  const { partners, applies = true } = batch;
  return {
    ...batch.inputs,
    ...head.encode(batch.targets, targets),
    ...(partners && {
      ...Object.fromEntries(
        Object.entries(head.encode(partners.targets, targets)).map(([name, value]) => [partnerInput(name), value]),
      ),
      [MIX_SHARE]: float32([length], partners.shares),
    }),
    sample_weight: float32([length], batch.weights ?? new Array<number>(length).fill(1)),
    learning_rate: float32([], [batch.rate]),
    ...optimizer.scalars(batch.step),
    ...(accumulate > 1 && { [UPDATE]: float32([], [applies ? 1 : 0]) }),
    ...(ema !== undefined && { [AVERAGE_DECAY]: float32([], [applies ? averageDecay(ema, batch.step) : 1]) }),
  };
}
