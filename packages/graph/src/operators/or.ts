import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { predicate } from "./evaluation.ts";

/** a or b, elementwise. */
export const or: Operator = {
  op: "Or",
  since: 7,
  infer: (c) => [{ dtype: "bool", dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate: predicate((a, b) => a !== 0 || b !== 0),
  stopsGradient: true,
};
