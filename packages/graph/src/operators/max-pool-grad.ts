import { GRAFT_DOMAIN, type Operator } from "../operator.ts";

/**
 * Primitive: gradient of a max pool over pictures, from (x, y, dy). The first of a window's largest elements takes it all.
 */
export const maxPoolGrad: Operator = {
  op: "MaxPoolGrad",
  domain: GRAFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
};
