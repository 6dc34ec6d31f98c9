import type { Operator } from "../operator.ts";

/** x / (1 + |x|); gradient 1 / (1 + |x|)². */
export const softsign: Operator = {
  op: "Softsign",
  since: 1,
  infer: (c) => [c.input(0)],
  gradient({ g, inputs, dy }) {
    const below = g.op("Add", [g.op("Abs", [inputs[0]]), g.scalar(1)]);
    return [g.op("Div", [dy, g.op("Mul", [below, below])])];
  },
};
