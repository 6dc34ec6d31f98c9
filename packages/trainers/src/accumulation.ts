import type { Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { type CarriedState, zeros } from "./carried-state.ts";

/** Name of the step's input that is 1 where the weights move and 0 where gradients are only gathered. */
export const UPDATE: string = "update";

/** Where a batch stands among the updates of a training. */
export interface UpdatePlace {
  /** Number of the update that the batch is part of, counted from 1. */
  readonly number: number;
  /** Whether the update happens with this batch: its last one. */
  readonly applies: boolean;
}

/** The updates of one epoch: the last may be made of fewer batches. */
export function updatesPerEpoch(batches: number, accumulate: number = 1): number {
  return Math.ceil(batches / accumulate);
}

/** The update that a batch is part of, from the batches done before it and those of an epoch; an epoch's end completes an update. */
export function updateAt(done: number, perEpoch: number, accumulate: number = 1): UpdatePlace {
  const place = done % perEpoch;
  const before = Math.floor(done / perEpoch) * updatesPerEpoch(perEpoch, accumulate);
  return {
    number: before + Math.floor(place / accumulate) + 1,
    applies: (place + 1) % accumulate === 0 || place + 1 === perEpoch,
  };
}

/**
 * Adds the gradients of batches up, each weighted by its samples, and gives their mean: that of one large batch.
 * `applies` is true where the weights are to move; the sums then start anew.
 */
export function accumulated(
  g: OpenGraph,
  state: CarriedState,
  gradients: Readonly<Record<string, Value>>,
  weight: Value,
): { readonly gradients: Record<string, Value>; readonly applies: Value } {
  const applies = g.op("Greater", [g.input(UPDATE, "float32", []), g.scalar(0.5)]);
  const gathered = (name: string, value: Value): Value => {
    const sum = g.op("Add", [state.add(name, zeros(value.dims as number[])), value]);
    state.set(name, g.op("Where", [applies, g.scalar(0), sum]));
    return sum;
  };
  const total = gathered("accumulated_weight", weight);
  const means = Object.entries(gradients).map(([name, gradient]): [string, Value] => [
    name,
    g.op("Div", [gathered(`${name}/gradient`, g.op("Mul", [gradient, weight])), total]),
  ]);
  return { gradients: Object.fromEntries(means), applies };
}
