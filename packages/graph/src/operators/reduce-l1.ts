import type { Operator } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { inferReduction } from "./reduction.ts";

/** Sum of absolute values over axes. */
export const reduceL1: Operator = {
  op: "ReduceL1",
  since: 1,
  infer: inferReduction,
  gradient: (c) => [c.g.op("Mul", [c.g.op("Sign", [c.inputs[0]]), kept(c, c.dy)])],
};
