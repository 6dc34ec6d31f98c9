import { reduceSum } from "../emit.ts";
import { normalizeAxis, type Operator } from "../operator.ts";

/** x − log Σ exp(x) along one axis; gradient dy − softmax(x) · Σ dy. */
export const logSoftmax: Operator = {
  op: "LogSoftmax",
  since: 13,
  infer: (c) => [c.input(0)],
  gradient({ g, node, attributes, inputs, dy }) {
    const x = inputs[0]!;
    const axis = normalizeAxis(node, attributes.int("axis", -1), x.dims.length);
    const softmax = g.op("Softmax", [x], { axis });
    return [g.op("Sub", [dy, g.op("Mul", [softmax, reduceSum(g, dy, [axis], true)])])];
  },
};
