import type { OpenGraph } from "@graft-ml/graph";
import type { CarriedState } from "./carried-state.ts";

/** Name of the step's input that says how much of the averages stays, 0..1. */
export const AVERAGE_DECAY: string = "average_decay";

/**
 * Share of an exponential moving average that stays at an update (counted from 1): none at the first, as PyTorch's `AveragedModel` has
 * it, then `decay`, but never more than (1 + n) / (10 + n) after n updates, as TensorFlow's `ExponentialMovingAverage` and timm have
 * it: a short training would else keep what it started from.
 */
export function averageDecay(decay: number, update: number): number {
  const before = update - 1;
  return before === 0 ? 0 : Math.min(decay, (1 + before) / (10 + before));
}

/** Keeps a moving average of each carried value beside it; returns value → carried average. */
export function averaged(g: OpenGraph, state: CarriedState, names: readonly string[]): Record<string, string> {
  const decay = g.input(AVERAGE_DECAY, "float32", []);
  const rest = g.op("Sub", [g.scalar(1), decay]);
  const averages = names.map((name): [string, string] => {
    const own = `${name}/average`;
    const average = state.add(own, state.initial[name]!);
    state.set(own, g.op("Add", [g.op("Mul", [average, decay]), g.op("Mul", [state.next(name), rest])]));
    return [name, own];
  });
  return Object.fromEntries(averages);
}
