import type { Operator } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { inferReduction } from "./reduction.ts";

/** log Σ exp(x) over axes; its gradient is the softmax. */
export const reduceLogSumExp: Operator = {
  op: "ReduceLogSumExp",
  since: 1,
  infer: inferReduction,
  gradient: (c) => [
    c.g.op("Mul", [c.g.op("Exp", [c.g.op("Sub", [c.inputs[0], kept(c, c.outputs[0]!)])]), kept(c, c.dy)]),
  ],
};
