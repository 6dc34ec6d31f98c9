import { allocate, sizeOf, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type Operator } from "../operator.ts";
import { accumulate } from "./evaluation.ts";
import { elementPlaces } from "./scatter-elements.ts";

/** Primitive: gradient of `GatherElements` by its data, from (dy, indices); `shape` is the data's. */
export const gatherElementsGrad: Operator = {
  op: "GatherElementsGrad",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.attributes.ints("shape") }],
  evaluate(c, [dy, indices]) {
    const shape = c.attributes.ints("shape");
    const data = allocate(dy!.dtype, sizeOf(shape));
    const place = elementPlaces(c.node, c.attributes, shape, indices!.dims, toNumbers(indices!));
    for (let i = 0; i < dy!.data.length; i++) accumulate(data, place(i), dy!.data[i]!);
    return [{ dtype: dy!.dtype, dims: shape, data }];
  },
};
