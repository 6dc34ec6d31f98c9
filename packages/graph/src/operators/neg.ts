import type { Operator } from "../operator.ts";

/** −x. */
export const neg: Operator = {
  op: "Neg",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient: ({ g, dy }) => [g.op("Neg", [dy])],
};
