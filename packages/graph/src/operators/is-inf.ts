import type { Operator } from "../operator.ts";

/** Where x is infinite, on either side or on one. */
export const isInf: Operator = {
  op: "IsInf",
  since: 10,
  infer: (c) => [{ dtype: "bool", dims: c.input(0).dims }],
  stopsGradient: true,
};
