import type { Value } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import { type GradientContext, normalizeAxis, type Operator, staticDims } from "../operator.ts";

/** exp(x) / Σ exp(x) along one axis, before operator set 13 over all axes from one on; gradient y · (dy − Σ y·dy). */
export const softmax: Operator = {
  op: "Softmax",
  since: 1,
  infer(c) {
    normalizeAxis(c.node, c.attributes.int("axis", -1), Math.max(1, c.input(0).dims.length));
    return [c.input(0)];
  },
  gradient(c) {
    const { g, outputs, dy } = c;
    const { axis, enter, leave } = normalizedAxis(c);
    const [y, slope] = [enter(outputs[0]!), enter(dy)];
    const weighted = reduceSum(g, g.op("Mul", [slope, y]), [axis], true);
    return [leave(g.op("Mul", [y, g.op("Sub", [slope, weighted])]))];
  },
};

/** The axis that sums to 1, and the way to a form of the values that has one: before operator set 13 a matrix. */
export function normalizedAxis({ g, node, attributes, outputs }: GradientContext): {
  readonly axis: number;
  readonly enter: (x: Value) => Value;
  readonly leave: (x: Value) => Value;
} {
  const rank = outputs[0]!.dims.length;
  const plain = (x: Value): Value => x;
  if (g.opset >= 13) {
    return { axis: normalizeAxis(node, attributes.int("axis", -1), rank), enter: plain, leave: plain };
  }
  const dims = staticDims(outputs[0]!);
  const from = normalizeAxis(node, attributes.int("axis", 1), rank);
  if (from === rank - 1) return { axis: from, enter: plain, leave: plain };
  const rows = dims.slice(0, from).reduce((a, b) => a * b, 1);
  const columns = dims.slice(from).reduce((a, b) => a * b, 1);
  return { axis: 1, enter: (x) => reshape(g, x, [rows, columns]), leave: (x) => reshape(g, x, dims) };
}
