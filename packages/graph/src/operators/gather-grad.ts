import { allocate, sizeOf, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type Operator } from "../operator.ts";
import { accumulate, stridesOf } from "./evaluation.ts";

/** Primitive: gradient of `Gather` by its data, from (dy, indices); `shape` is the data's. Slices picked twice add up. */
export const gatherGrad: Operator = {
  op: "GatherGrad",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.attributes.ints("shape") }],
  evaluate(c, [dy, indices]) {
    const shape = c.attributes.ints("shape");
    const axis = c.attributes.int("axis");
    const size = shape[axis]!;
    const inner = stridesOf(shape)[axis]!;
    const picks = Array.from(toNumbers(indices!), (i) => (i < 0 ? i + size : i));
    const data = allocate(dy!.dtype, sizeOf(shape));
    const outer = sizeOf(shape.slice(0, axis));
    for (let block = 0, from = 0; block < outer; block++) {
      for (const pick of picks) {
        const to = (block * size + pick) * inner;
        for (let k = 0; k < inner; k++) accumulate(data, to + k, dy!.data[from++]!);
      }
    }
    return [{ dtype: dy!.dtype, dims: shape, data }];
  },
};
