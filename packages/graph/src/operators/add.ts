import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** a + b with broadcasting. */
export const add: Operator = {
  op: "Add",
  since: 7,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate: elementwise({ exact: (a, b) => a! + b!, real: (a, b) => a! + b! }),
  gradient: ({ g, inputs: [a, b], dy, needs }) => [
    needs(0) ? unbroadcast(g, dy, a!) : undefined,
    needs(1) ? unbroadcast(g, dy, b!) : undefined,
  ],
};
