import type { Operator } from "../operator.ts";

/** 1 / x; gradient −y². */
export const reciprocal: Operator = {
  op: "Reciprocal",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, outputs, dy }) {
    const y = outputs[0]!;
    return [g.op("Neg", [g.op("Mul", [dy, g.op("Mul", [y, y])])])];
  },
};
