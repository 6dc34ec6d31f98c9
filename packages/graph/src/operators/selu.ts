import type { Operator } from "../operator.ts";

/** gamma · x where positive, gamma · alpha · (exp(x) − 1) elsewhere. */
export const selu: Operator = {
  op: "Selu",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, outputs, dy }) {
    const alpha = attributes.float("alpha", Math.fround(1.6732632423543772));
    const gamma = attributes.float("gamma", Math.fround(1.0507009873554805));
    const slope = g.op("Add", [outputs[0], g.scalar(alpha * gamma)]);
    const slopes = g.op("Where", [g.op("Greater", [inputs[0], g.scalar(0)]), g.scalar(gamma), slope]);
    return [g.op("Mul", [dy, slopes])];
  },
};
