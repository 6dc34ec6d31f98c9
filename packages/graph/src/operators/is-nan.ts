import type { Operator } from "../operator.ts";

/** Where x is not a number. */
export const isNan: Operator = {
  op: "IsNaN",
  since: 9,
  infer: (c) => [{ dtype: "bool", dims: c.input(0).dims }],
  stopsGradient: true,
};
