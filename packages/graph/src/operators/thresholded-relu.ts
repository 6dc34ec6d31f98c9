import type { Operator } from "../operator.ts";

/** x where it is above alpha, 0 elsewhere. */
export const thresholdedRelu: Operator = {
  op: "ThresholdedRelu",
  since: 10,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, dy }) {
    const above = g.op("Greater", [inputs[0], g.scalar(attributes.float("alpha", 1))]);
    return [g.op("Where", [above, dy, g.scalar(0)])];
  },
};
