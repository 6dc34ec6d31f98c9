import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { predicate } from "./evaluation.ts";

/** a > b, elementwise. */
export const greater: Operator = {
  op: "Greater",
  since: 9,
  infer: (c) => [{ dtype: "bool", dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate: predicate((a, b) => a! > b!),
  stopsGradient: true,
};
