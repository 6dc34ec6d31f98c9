import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** −x. */
export const neg: Operator = {
  op: "Neg",
  since: 6,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ exact: (a) => -a!, real: (a) => -a! }),
  gradient: ({ g, dy }) => [g.op("Neg", [dy])],
};
