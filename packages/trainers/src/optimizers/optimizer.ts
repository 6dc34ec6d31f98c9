import type { GraphBuilder, Tensors, Value } from "@graft-ml/core";

/** One variable at one step. */
export interface UpdateInput {
  readonly parameter: Value;
  readonly gradient: Value;
  /** The optimizer's memory of this variable, by slot name; same shape as the variable. */
  readonly slots: Readonly<Record<string, Value>>;
  /** Learning rate of this step times the variable's own multiple. */
  readonly rate: Value;
  /** The inputs declared by `scalars`. */
  readonly scalars: Readonly<Record<string, Value>>;
  /** Whether weight decay applies: matrices and kernels yes, biases and normalisation no. */
  readonly decays: boolean;
}

/** An update rule as a graph fragment. */
export interface Optimizer {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** Whether each number is updated by itself alone: variables may then be laid end to end and updated as one. */
  readonly elementwise: boolean;
  /** Names of what it remembers of each variable, all zero at the start. */
  readonly slots: readonly string[];
  /** Values that change with the step (counted from 1) but not with the variable; fed as float32 scalars. */
  scalars(step: number): Tensors;
  /** The variable's next value and its next slots. */
  update(
    input: UpdateInput,
    g: GraphBuilder,
  ): { readonly parameter: Value; readonly slots: Readonly<Record<string, Value>> };
}
