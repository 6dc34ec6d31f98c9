import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** a where the condition holds, b elsewhere. */
export const where: Operator = {
  op: "Where",
  since: 9,
  infer: (c) => [
    {
      dtype: c.input(1).dtype,
      dims: broadcastDims(c.node, c.input(0).dims, broadcastDims(c.node, c.input(1).dims, c.input(2).dims)),
    },
  ],
  gradient({ g, inputs: [condition, a, b], dy, needs }) {
    const zero = g.scalar(0);
    return [
      undefined,
      needs(1) ? unbroadcast(g, g.op("Where", [condition, dy, zero]), a!) : undefined,
      needs(2) ? unbroadcast(g, g.op("Where", [condition, zero, dy]), b!) : undefined,
    ];
  },
};
