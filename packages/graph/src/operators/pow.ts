import type { Value } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** a to the b; the gradient by the exponent needs a > 0. */
export const pow: Operator = {
  op: "Pow",
  since: 7,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  gradient({ g, inputs: [a, b], outputs, dy, needs }) {
    const slope = (): Value => g.op("Mul", [b!, g.op("Pow", [a!, g.op("Sub", [b!, g.scalar(1)])])]);
    return [
      needs(0) ? unbroadcast(g, g.op("Mul", [dy, slope()]), a!) : undefined,
      needs(1) ? unbroadcast(g, g.op("Mul", [dy, g.op("Mul", [outputs[0]!, g.op("Log", [a!])])]), b!) : undefined,
    ];
  },
};
