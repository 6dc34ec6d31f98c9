import type { Operator } from "../operator.ts";

/** x where positive, alpha · (exp(x / alpha) − 1) elsewhere. */
export const celu: Operator = {
  op: "Celu",
  since: 12,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, outputs, dy }) {
    const slope = g.op("Add", [g.op("Mul", [outputs[0], g.scalar(1 / attributes.float("alpha", 1))]), g.scalar(1)]);
    return [g.op("Where", [g.op("Greater", [inputs[0], g.scalar(0)]), dy, g.op("Mul", [dy, slope])])];
  },
};
