import type { Operator } from "../operator.ts";
import { inferReduction } from "./reduction.ts";

/** Maximum over axes. It has no gradient rule: where it stabilises a softmax, its gradient cancels. */
export const reduceMax: Operator = {
  op: "ReduceMax",
  since: 1,
  infer: inferReduction,
};
