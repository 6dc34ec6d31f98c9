import type { Operator } from "../operator.ts";
import { predicate } from "./evaluation.ts";

/** Logical negation. */
export const not: Operator = {
  op: "Not",
  since: 1,
  infer: (c) => [{ dtype: "bool", dims: c.input(0).dims }],
  evaluate: predicate((a) => a === 0),
  stopsGradient: true,
};
