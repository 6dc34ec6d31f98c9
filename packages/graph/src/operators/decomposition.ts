import type { Tensor, Value } from "@graft-ml/core";
import type { OpenGraph } from "../builder.ts";
import { backward } from "../differentiate.ts";
import { reduceSum } from "../emit.ts";
import { type Attributes, GRAFT_DOMAIN, type GradientContext, type Operator, staticDims } from "../operator.ts";

/** What a decomposition sees of a node. */
export interface DecomposeContext {
  readonly node: GradientContext["node"];
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  /** The input's value where it is known before running. */
  constant(index: number): Tensor | undefined;
  readonly g: OpenGraph;
}

/** Writes a node in other operators; returns one value an output. Shapes must be static. */
export type Decompose = (context: DecomposeContext) => readonly Value[];

/** The gradient of an operator that is written in others: these are added once more, and differentiated. */
export function composedGradient(decompose: Decompose): NonNullable<Operator["gradient"]> {
  return (c) => {
    // The graph under construction is an open one wherever gradients are made.
    const g = c.g as OpenGraph;
    const before = g.finish([]).nodes.length;
    const outputs = decompose({ ...c, g });
    const parts = outputs.flatMap((y, i) => {
      const dy = c.dys[i];
      if (dy === undefined) return [];
      const axes = staticDims(y).map((_, axis) => axis);
      const product = g.op("Mul", [y, dy]);
      return [axes.length === 0 ? product : reduceSum(g, product, axes, false)];
    });
    const total = parts.reduce((sum, part) => g.op("Add", [sum, part]));
    const names = c.node.inputs.map((name, i) => (name !== "" && c.needs(i) ? name : undefined));
    const asked = [...new Set(names.filter((name) => name !== undefined))];
    const { nodes } = g.finish([]);
    const gradients = backward(g, nodes.slice(before), { "": g.opset, [GRAFT_DOMAIN]: 1 }, total, asked);
    // A value that is read twice gets its whole gradient at the first place.
    return names.map((name, i) => (name === undefined || names.indexOf(name) < i ? undefined : gradients[name]));
  };
}
