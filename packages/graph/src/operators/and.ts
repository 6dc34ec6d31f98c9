import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { predicate } from "./evaluation.ts";

/** a and b, elementwise. */
export const and: Operator = {
  op: "And",
  since: 7,
  infer: (c) => [{ dtype: "bool", dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate: predicate((a, b) => a !== 0 && b !== 0),
  stopsGradient: true,
};
