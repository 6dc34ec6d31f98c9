import type { Operator } from "../operator.ts";
import { larger } from "./evaluation.ts";
import { shareAmongEquals } from "./reduce-extreme.ts";
import { evaluateReduction, inferReduction } from "./reduction.ts";

/** Maximum over axes; the gradient is shared equally among elements that tie. */
export const reduceMax: Operator = {
  op: "ReduceMax",
  since: 1,
  infer: inferReduction,
  evaluate: evaluateReduction(larger),
  gradient: (c) => [shareAmongEquals(c)],
};
