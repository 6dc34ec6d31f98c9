import type { Operator } from "../operator.ts";

/** Hyperbolic tangent; gradient 1 − y². */
export const tanh: Operator = {
  op: "Tanh",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, outputs, dy }) {
    const y = outputs[0]!;
    return [g.op("Mul", [dy, g.op("Sub", [g.scalar(1), g.op("Mul", [y, y])])])];
  },
};
