import type { GraphNode, Tensor } from "@graft-ml/core";
import { fail, toNumbers } from "@graft-ml/core";
import { type Attributes, type InferContext, normalizeAxis, type Shape } from "../operator.ts";

/** The axes that a reduction sums over: attribute, second input, or all of them. */
export function reductionAxes(
  node: GraphNode,
  attributes: Attributes,
  constant: (index: number) => Tensor | undefined,
  rank: number,
): number[] {
  const all = (): number[] => Array.from({ length: rank }, (_, i) => i);
  if (attributes.has("axes")) return attributes.ints("axes").map((axis) => normalizeAxis(node, axis, rank));
  if (!node.inputs[1]) return attributes.int("noop_with_empty_axes", 0) === 1 ? [] : all();
  const axes = constant(1);
  if (axes === undefined) throw fail("graph", `node "${node.name}" (${node.op}): axes must be constant`);
  if (axes.data.length === 0) return attributes.int("noop_with_empty_axes", 0) === 1 ? [] : all();
  return Array.from(toNumbers(axes), (axis) => normalizeAxis(node, axis, rank));
}

/** Shape rule of every reduction. */
export function inferReduction(c: InferContext): readonly Shape[] {
  const { dtype, dims } = c.input(0);
  const axes = reductionAxes(c.node, c.attributes, c.constant, dims.length);
  const keep = c.attributes.int("keepdims", 1) === 1;
  return [
    {
      dtype,
      dims: keep ? dims.map((dim, i) => (axes.includes(i) ? 1 : dim)) : dims.filter((_, i) => !axes.includes(i)),
    },
  ];
}
