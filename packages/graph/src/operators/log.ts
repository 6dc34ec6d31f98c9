import type { Operator } from "../operator.ts";

/** Natural logarithm. */
export const log: Operator = {
  op: "Log",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient: ({ g, inputs, dy }) => [g.op("Div", [dy, inputs[0]!])],
};
