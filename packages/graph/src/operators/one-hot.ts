import { allocate, fail, toNumbers } from "@graft-ml/core";
import { type InferContext, normalizeAxis, type Operator } from "../operator.ts";
import { stridesOf } from "./evaluation.ts";

/** A new axis that is on where the index says and off elsewhere; indices outside it are off everywhere. */
export const oneHot: Operator = {
  op: "OneHot",
  since: 9,
  infer(c) {
    const dims = [...c.input(0).dims];
    const depth = c.constant(1);
    const values = c.input(2).dims;
    if (values.length !== 1 || (typeof values[0] === "number" && values[0] !== 2))
      throw fail("graph", `node "${c.node.name}" (OneHot): expected two values; received [${values.join(", ")}]`);
    if (depth !== undefined && depth.data.length !== 1)
      throw fail("graph", `node "${c.node.name}" (OneHot): expected one depth; received [${depth.dims.join(", ")}]`);
    dims.splice(axisOf(c, dims.length), 0, depth === undefined ? c.unknown() : Math.trunc(toNumbers(depth)[0]!));
    return [{ dtype: c.input(2).dtype, dims }];
  },
  evaluate(c, [indices, depth, values]) {
    const dims = [...indices!.dims];
    const axis = axisOf(c, dims.length);
    const size = Math.trunc(toNumbers(depth!)[0]!);
    dims.splice(axis, 0, size);
    const picks = toNumbers(indices!);
    const data = allocate(values!.dtype, picks.length * size).fill(values!.data[0] as never) as Float32Array;
    const inner = stridesOf(dims)[axis]!;
    for (let i = 0; i < picks.length; i++) {
      const pick = Math.trunc(picks[i]!);
      const index = pick < 0 ? pick + size : pick;
      if (index < 0 || index >= size) continue;
      data[(Math.floor(i / inner) * size + index) * inner + (i % inner)] = values!.data[1]! as number;
    }
    return [{ dtype: values!.dtype, dims, data }];
  },
  stopsGradient: true,
};

function axisOf(c: InferContext, rank: number): number {
  return normalizeAxis(c.node, c.attributes.int("axis", -1), rank + 1);
}
