import { unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** x where positive, slope · x elsewhere; the slope is broadcast to x. */
export const pRelu: Operator = {
  op: "PRelu",
  since: 7,
  infer: (c) => [c.input(0)],
  gradient({ g, inputs: [x, slope], dy, needs }) {
    const zero = g.scalar(0);
    const positive = g.op("Greater", [x, zero]);
    return [
      needs(0) ? g.op("Where", [positive, dy, g.op("Mul", [dy, slope])]) : undefined,
      needs(1) ? unbroadcast(g, g.op("Where", [positive, zero, g.op("Mul", [dy, x])]), slope!) : undefined,
    ];
  },
};
