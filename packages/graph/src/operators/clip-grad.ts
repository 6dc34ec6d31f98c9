import { GRAFT_DOMAIN, type Operator } from "../operator.ts";

/** Primitive: dy where the clipped output y lies strictly between `min` and `max`, else 0; from (dy, y). */
export const clipGrad: Operator = {
  op: "ClipGrad",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
};
