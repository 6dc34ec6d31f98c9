import type { Operator } from "../operator.ts";

/** x where positive, alpha · x elsewhere. */
export const leakyRelu: Operator = {
  op: "LeakyRelu",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, dy }) {
    const alpha = g.scalar(attributes.float("alpha", Math.fround(0.01)));
    return [g.op("Where", [g.op("Greater", [inputs[0], g.scalar(0)]), dy, g.op("Mul", [dy, alpha])])];
  },
};
