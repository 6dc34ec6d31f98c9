import { fail, toNumbers } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, normalizeAxis, type Operator, staticDims } from "../operator.ts";

/** Removes dimensions of size 1. */
export const squeeze: Operator = {
  op: "Squeeze",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axes = axesOf(c, dims.length) ?? dims.flatMap((dim, i) => (dim === 1 ? [i] : []));
    return [{ dtype, dims: dims.filter((_, i) => !axes.includes(i)) }];
  },
  evaluate(c, [x]) {
    const axes = axesOf(c, x!.dims.length) ?? x!.dims.flatMap((dim, i) => (dim === 1 ? [i] : []));
    return [{ ...x!, dims: x!.dims.filter((_, i) => !axes.includes(i)) }];
  },
  gradient: ({ g, inputs, dy }) => [reshape(g, dy, staticDims(inputs[0]!))],
};

/** Axes from the attribute (before operator set 13) or from the second input; `undefined` where both are left out. */
export function axesOf(c: InferContext, rank: number): number[] | undefined {
  if (c.attributes.has("axes")) return c.attributes.ints("axes").map((axis) => normalizeAxis(c.node, axis, rank));
  if (c.optional(1) === undefined) return undefined;
  const axes = c.constant(1);
  if (axes === undefined) throw fail("graph", `node "${c.node.name}" (${c.node.op}): axes must be constant`);
  return Array.from(toNumbers(axes), (axis) => normalizeAxis(c.node, axis, rank));
}
