import type { Operator } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { inferReduction } from "./reduction.ts";

/** Euclidean length over axes; the gradient x / y is 0 where the length is. */
export const reduceL2: Operator = {
  op: "ReduceL2",
  since: 1,
  infer: inferReduction,
  gradient(c) {
    const { g, inputs, outputs, dy } = c;
    const none = g.op("Equal", [outputs[0], g.scalar(0)]);
    const share = g.op("Div", [dy, g.op("Where", [none, g.scalar(1), outputs[0]])]);
    return [g.op("Mul", [inputs[0], kept(c, share)])];
  },
};
