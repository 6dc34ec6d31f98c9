import type { Operator } from "../operator.ts";
import { smaller } from "./evaluation.ts";
import { shareAmongEquals } from "./reduce-extreme.ts";
import { evaluateReduction, inferReduction } from "./reduction.ts";

/** Minimum over axes; the gradient is shared equally among elements that tie. */
export const reduceMin: Operator = {
  op: "ReduceMin",
  since: 1,
  infer: inferReduction,
  evaluate: evaluateReduction(smaller),
  gradient: (c) => [shareAmongEquals(c)],
};
