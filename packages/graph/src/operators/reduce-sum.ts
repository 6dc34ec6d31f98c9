import type { Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type GradientContext, type Operator, staticDims } from "../operator.ts";
import { inferReduction, reductionAxes } from "./reduction.ts";

/** Sum over axes; the gradient is repeated along them. */
export const reduceSum: Operator = {
  op: "ReduceSum",
  since: 1,
  infer: inferReduction,
  gradient: (c) => [spread(c, c.dy)],
};

/** Repeats a reduction's gradient along the reduced axes. */
export function spread({ g, node, attributes, inputs, constant }: GradientContext, dy: Value): Value {
  const dims = staticDims(inputs[0]!);
  const axes = reductionAxes(node, attributes, constant, dims.length);
  const kept = dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const column = attributes.int("keepdims", 1) === 1 ? dy : reshape(g, dy, kept);
  return g.op("Expand", [column, g.ints(dims)]);
}
