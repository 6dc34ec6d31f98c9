import { GRAFT_DOMAIN, type Operator } from "../operator.ts";

/** Primitive: gradient of a convolution by its input, from (dy, w); `shape` is the input's. */
export const convGradInput: Operator = {
  op: "ConvGradInput",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.attributes.ints("shape") }],
};
