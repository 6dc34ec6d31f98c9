import type { Operator } from "../operator.ts";

/** e to the x. */
export const exp: Operator = {
  op: "Exp",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient: ({ g, outputs, dy }) => [g.op("Mul", [dy, outputs[0]!])],
};
