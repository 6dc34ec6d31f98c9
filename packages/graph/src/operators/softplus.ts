import type { Operator } from "../operator.ts";

/** log(1 + exp(x)); gradient the sigmoid. */
export const softplus: Operator = {
  op: "Softplus",
  since: 1,
  infer: (c) => [c.input(0)],
  gradient: ({ g, inputs, dy }) => [g.op("Mul", [dy, g.op("Sigmoid", [inputs[0]])])],
};
