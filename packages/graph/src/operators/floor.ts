import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** The largest whole number that is not above x; its slope is 0 wherever it has one. */
export const floor: Operator = {
  op: "Floor",
  since: 6,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ real: Math.floor }),
  stopsGradient: true,
};
