import type { Operator } from "../operator.ts";

/** x · clip(x / 6 + 1/2, 0, 1). */
export const hardSwish: Operator = {
  op: "HardSwish",
  since: 14,
  infer: (c) => [c.input(0)],
  gradient({ g, inputs: [x], dy }) {
    const slope = g.op("Add", [g.op("Mul", [x, g.scalar(1 / 3)]), g.scalar(0.5)]);
    const upTo = g.op("Where", [g.op("Greater", [x, g.scalar(-3)]), g.op("Mul", [dy, slope]), g.scalar(0)]);
    return [g.op("Where", [g.op("Less", [x, g.scalar(3)]), upTo, dy])];
  },
};
