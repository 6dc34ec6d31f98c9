import { reduceSum } from "../emit.ts";
import { normalizeAxis, type Operator } from "../operator.ts";
import { normalizedAxis } from "./softmax.ts";

/** x − log Σ exp(x) along one axis, before operator set 13 over all axes from one on; gradient dy − softmax(x) · Σ dy. */
export const logSoftmax: Operator = {
  op: "LogSoftmax",
  since: 1,
  infer(c) {
    normalizeAxis(c.node, c.attributes.int("axis", -1), Math.max(1, c.input(0).dims.length));
    return [c.input(0)];
  },
  gradient(c) {
    const { g, inputs, dy } = c;
    const { axis, enter, leave } = normalizedAxis(c);
    const slope = enter(dy);
    const softmax = g.op("Softmax", [enter(inputs[0]!)], { axis });
    return [leave(g.op("Sub", [slope, g.op("Mul", [softmax, reduceSum(g, slope, [axis], true)])]))];
  },
};
