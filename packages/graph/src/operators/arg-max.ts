import type { Operator } from "../operator.ts";
import { evaluateArg, inferArg } from "./arg-extreme.ts";

/** Where the largest element along an axis is: the first of equals, or the last on request. */
export const argMax: Operator = {
  op: "ArgMax",
  since: 1,
  infer: inferArg,
  evaluate: evaluateArg((a, b) => a > b),
  stopsGradient: true,
};
