import type { Operator } from "../operator.ts";

/** 1 / (1 + exp(−x)); gradient y(1 − y). */
export const sigmoid: Operator = {
  op: "Sigmoid",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, outputs, dy }) {
    const y = outputs[0]!;
    return [g.op("Mul", [dy, g.op("Mul", [y, g.op("Sub", [g.scalar(1), y])])])];
  },
};
