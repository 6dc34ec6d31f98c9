import { GRAFT_DOMAIN, type Operator } from "../operator.ts";

/** Primitive: gradient of a convolution by its kernel, from (x, dy); `shape` is the kernel's. */
export const convGradFilter: Operator = {
  op: "ConvGradFilter",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.attributes.ints("shape") }],
};
