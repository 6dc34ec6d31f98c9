import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** a / b with broadcasting; integers divide towards zero. */
export const div: Operator = {
  op: "Div",
  since: 7,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate: elementwise({ exact: (a, b) => (b === 0n ? undefined : a! / b!), real: (a, b) => a! / b! }),
  gradient({ g, inputs: [a, b], outputs, dy, needs }) {
    const scaled = g.op("Div", [dy, b!]);
    return [
      needs(0) ? unbroadcast(g, scaled, a!) : undefined,
      needs(1) ? unbroadcast(g, g.op("Neg", [g.op("Mul", [scaled, outputs[0]!])]), b!) : undefined,
    ];
  },
};
