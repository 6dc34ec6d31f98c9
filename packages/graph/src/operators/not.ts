import type { Operator } from "../operator.ts";

/** Logical negation. */
export const not: Operator = {
  op: "Not",
  since: 1,
  infer: (c) => [{ dtype: "bool", dims: c.input(0).dims }],
  stopsGradient: true,
};
