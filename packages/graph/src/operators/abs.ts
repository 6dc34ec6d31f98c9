import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** |x|; the gradient is the sign, 0 at 0. */
export const abs: Operator = {
  op: "Abs",
  since: 6,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ exact: (a) => (a! < 0n ? -a! : a), real: Math.abs }),
  gradient: ({ g, inputs, dy }) => [g.op("Mul", [dy, g.op("Sign", [inputs[0]!])])],
};
