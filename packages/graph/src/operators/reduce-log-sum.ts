import type { Operator } from "../operator.ts";
import { spread } from "./reduce-sum.ts";
import { inferReduction } from "./reduction.ts";

/** Logarithm of the sum over axes. */
export const reduceLogSum: Operator = {
  op: "ReduceLogSum",
  since: 1,
  infer: inferReduction,
  gradient: (c) => [spread(c, c.g.op("Mul", [c.dy, c.g.op("Exp", [c.g.op("Neg", [c.outputs[0]])])]))],
};
