import type { Operator } from "../operator.ts";

/** x · tanh(softplus(x)); with t the tangent, its gradient is t + x (1 − t²) sigmoid(x). */
export const mish: Operator = {
  op: "Mish",
  since: 18,
  infer: (c) => [c.input(0)],
  gradient({ g, inputs: [x], dy }) {
    const t = g.op("Tanh", [g.op("Softplus", [x])]);
    const flat = g.op("Sub", [g.scalar(1), g.op("Mul", [t, t])]);
    const bend = g.op("Mul", [g.op("Mul", [x, flat]), g.op("Sigmoid", [x])]);
    return [g.op("Mul", [dy, g.op("Add", [t, bend])])];
  },
};
