import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** Square root; gradient 1 / (2y). */
export const sqrt: Operator = {
  op: "Sqrt",
  since: 6,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ real: Math.sqrt }),
  gradient: ({ g, outputs, dy }) => [g.op("Div", [g.op("Mul", [dy, g.scalar(0.5)]), outputs[0]!])],
};
