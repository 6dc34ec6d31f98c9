import { fail, type GraphNode, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { stridesOf } from "./evaluation.ts";
import { joinOf, scatterGradient } from "./scatter-reduction.ts";

/** A copy of the data in which the slices that positions name are replaced by, or combined with, updates. */
export const scatterNd: Operator = {
  op: "ScatterND",
  since: 11,
  infer: (c) => [c.input(0)],
  evaluate(c, [x, indices, updates]) {
    const join = joinOf(c.node, c.attributes);
    const data = x!.data.slice() as Tensor["data"];
    const place = slicePlaces(c.node, x!.dims, indices!.dims, toNumbers(indices!), 0);
    for (let i = 0; i < updates!.data.length; i++) data[place(i)] = join(data[place(i)]!, updates!.data[i]!);
    return [{ ...x!, data }];
  },
  gradient: (c) => scatterGradient(c, "GatherND", {}),
};

/** Flat place in `dims` of each element of the slices that positions name, after `batch` axes that both share. */
export function slicePlaces(
  node: GraphNode,
  dims: readonly number[],
  own: readonly number[],
  positions: ArrayLike<number>,
  batch: number,
): (flat: number) => number {
  const depth = own.at(-1)!;
  const strides = stridesOf(dims);
  const inner = sizeOf(dims.slice(batch + depth));
  const perBatch = sizeOf(own.slice(batch, -1));
  const block = sizeOf(dims.slice(batch));
  return (flat) => {
    const row = Math.floor(flat / inner);
    let place = Math.floor(row / perBatch) * block + (flat % inner);
    for (let k = 0; k < depth; k++) {
      const size = dims[batch + k]!;
      const pick = positions[row * depth + k]!;
      const index = pick < 0 ? pick + size : pick;
      if (index < 0 || index >= size)
        throw fail("graph", `node "${node.name}" (${node.op}): index ${pick} is outside an axis of ${size}`);
      place += index * strides[batch + k]!;
    }
    return place;
  };
}
