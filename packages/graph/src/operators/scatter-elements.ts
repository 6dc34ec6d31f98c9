import { fail, type GraphNode, type Tensor, toNumbers } from "@graft-ml/core";
import { type Attributes, normalizeAxis, type Operator } from "../operator.ts";
import { positionOf, stridesOf } from "./evaluation.ts";
import { joinOf, scatterGradient } from "./scatter-reduction.ts";

/** A copy of the data in which the elements that indices name along one axis are replaced, or combined with, updates. */
export const scatterElements: Operator = {
  op: "ScatterElements",
  since: 11,
  infer: (c) => [c.input(0)],
  evaluate(c, [x, indices, updates]) {
    const join = joinOf(c.node, c.attributes);
    const data = x!.data.slice() as Tensor["data"];
    const place = elementPlaces(c.node, c.attributes, x!.dims, indices!.dims, toNumbers(indices!));
    for (let i = 0; i < updates!.data.length; i++) data[place(i)] = join(data[place(i)]!, updates!.data[i]!);
    return [{ ...x!, data }];
  },
  gradient: (c) => scatterGradient(c, "GatherElements", { axis: c.attributes.int("axis", 0) }),
};

/** Flat place in `dims` of each index: on the axis where the index says, elsewhere where the index itself is. */
export function elementPlaces(
  node: GraphNode,
  attributes: Attributes,
  dims: readonly number[],
  own: readonly number[],
  indices: ArrayLike<number>,
): (flat: number) => number {
  const axis = normalizeAxis(node, attributes.int("axis", 0), dims.length);
  const strides = stridesOf(dims);
  return (flat) => {
    const pick = indices[flat]!;
    const index = pick < 0 ? pick + dims[axis]! : pick;
    if (index < 0 || index >= dims[axis]!)
      throw fail("graph", `node "${node.name}" (${node.op}): index ${pick} is outside an axis of ${dims[axis]}`);
    return positionOf(flat, own).reduce((place, at, i) => place + (i === axis ? index : at) * strides[i]!, 0);
  };
}
