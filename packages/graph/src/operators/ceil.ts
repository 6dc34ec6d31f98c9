import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** The smallest whole number that is not below x; its slope is 0 wherever it has one. */
export const ceil: Operator = {
  op: "Ceil",
  since: 6,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ real: Math.ceil }),
  stopsGradient: true,
};
