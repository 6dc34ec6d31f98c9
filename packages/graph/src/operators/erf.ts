import type { Operator } from "../operator.ts";

/** Gauss error function; gradient 2/√π · exp(−x²). */
export const erf: Operator = {
  op: "Erf",
  since: 9,
  infer: (c) => [c.input(0)],
  gradient({ g, inputs, dy }) {
    const x = inputs[0]!;
    const bell = g.op("Exp", [g.op("Neg", [g.op("Mul", [x, x])])]);
    return [g.op("Mul", [dy, g.op("Mul", [bell, g.scalar(2 / Math.sqrt(Math.PI))])])];
  },
};
