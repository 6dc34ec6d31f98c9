import type { Operator } from "../operator.ts";

/** Cosine. */
export const cos: Operator = {
  op: "Cos",
  since: 7,
  infer: (c) => [c.input(0)],
  gradient: ({ g, inputs, dy }) => [g.op("Neg", [g.op("Mul", [dy, g.op("Sin", [inputs[0]])])])],
};
