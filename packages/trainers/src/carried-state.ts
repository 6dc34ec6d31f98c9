import { float32, type Tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";

/** What lives on from run to run of a graph under construction. */
export interface CarriedState {
  /** Input → output of everything that has a next value. */
  readonly carry: Readonly<Record<string, string>>;
  /** First values. */
  readonly initial: Readonly<Record<string, Tensor>>;
  /** Carries an input that the graph has already. */
  adopt(name: string, first: Tensor): void;
  /** Declares a carried input that starts at `first`. */
  add(name: string, first: Tensor): Value;
  /** The value that an input has at the next run. */
  set(name: string, next: Value): void;
  /** What was set. */
  next(name: string): Value;
}

/** Starts with nothing. */
export function carriedState(g: OpenGraph): CarriedState {
  const carry: Record<string, string> = {};
  const initial: Record<string, Tensor> = {};
  return {
    carry,
    initial,
    adopt(name, first) {
      initial[name] = first;
    },
    add(name, first) {
      initial[name] = first;
      return g.input(name, first.dtype, first.dims);
    },
    set(name, next) {
      carry[name] = g.name(next, `${name}/next`).name;
    },
    next: (name) => g.value(carry[name]!),
  };
}

/** Zeros of a shape. */
export function zeros(dims: readonly number[]): Tensor {
  return float32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));
}
