import type { Operator } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { inferReduction } from "./reduction.ts";

/** Sum of squares over axes. */
export const reduceSumSquare: Operator = {
  op: "ReduceSumSquare",
  since: 1,
  infer: inferReduction,
  gradient: (c) => [c.g.op("Mul", [c.inputs[0], kept(c, c.g.op("Mul", [c.dy, c.g.scalar(2)]))])],
};
