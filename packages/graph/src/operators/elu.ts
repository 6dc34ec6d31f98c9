import type { Operator } from "../operator.ts";

/** x where positive, alpha · (exp(x) − 1) elsewhere. */
export const elu: Operator = {
  op: "Elu",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, outputs, dy }) {
    const slope = g.op("Add", [outputs[0], g.scalar(attributes.float("alpha", 1))]);
    return [g.op("Where", [g.op("Greater", [inputs[0], g.scalar(0)]), dy, g.op("Mul", [dy, slope])])];
  },
};
