import { allocate, sizeOf, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type Operator } from "../operator.ts";
import { accumulate } from "./evaluation.ts";
import { slicePlaces } from "./scatter-nd.ts";

/** Primitive: gradient of `GatherND` by its data, from (dy, indices); `shape` is the data's. */
export const gatherNdGrad: Operator = {
  op: "GatherNDGrad",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.attributes.ints("shape") }],
  evaluate(c, [dy, indices]) {
    const shape = c.attributes.ints("shape");
    const data = allocate(dy!.dtype, sizeOf(shape));
    const place = slicePlaces(c.node, shape, indices!.dims, toNumbers(indices!), 0);
    for (let i = 0; i < dy!.data.length; i++) accumulate(data, place(i), dy!.data[i]!);
    return [{ dtype: dy!.dtype, dims: shape, data }];
  },
};
