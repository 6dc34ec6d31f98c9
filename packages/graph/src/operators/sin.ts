import type { Operator } from "../operator.ts";

/** Sine. */
export const sin: Operator = {
  op: "Sin",
  since: 7,
  infer: (c) => [c.input(0)],
  gradient: ({ g, inputs, dy }) => [g.op("Mul", [dy, g.op("Cos", [inputs[0]])])],
};
