import type { Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type GradientContext, type Operator, staticDims } from "../operator.ts";
import { evaluateReduction, inferReduction, reductionAxes } from "./reduction.ts";

/** Sum over axes; the gradient is repeated along them. */
export const reduceSum: Operator = {
  op: "ReduceSum",
  since: 1,
  infer: inferReduction,
  evaluate: evaluateReduction((a, b) => a + b, 0n),
  gradient: (c) => [spread(c, c.dy)],
};

/** Repeats a reduction's gradient along the reduced axes. */
export function spread(c: GradientContext, dy: Value): Value {
  return c.g.op("Expand", [kept(c, dy), c.g.ints(staticDims(c.inputs[0]!))]);
}

/** A value of a reduction's output shape with its reduced axes kept, so that it broadcasts to the input. */
export function kept({ g, node, attributes, inputs, constant }: GradientContext, value: Value): Value {
  if (attributes.int("keepdims", 1) === 1) return value;
  const dims = staticDims(inputs[0]!);
  const axes = reductionAxes(node, attributes, constant, dims.length);
  return reshape(
    g,
    value,
    dims.map((dim, i) => (axes.includes(i) ? 1 : dim)),
  );
}
