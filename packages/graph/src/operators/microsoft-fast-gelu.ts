import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";

/** With u = √(2/π) (x + 0.044715 x³): x (1 + tanh u) / 2. */
export const decomposeFastGelu: Decompose = ({ g, inputs }) => {
  const x = inputs[1] === undefined ? inputs[0]! : g.op("Add", [inputs[0], inputs[1]]);
  const root = Math.sqrt(2 / Math.PI);
  const factor = g.op("Add", [g.op("Mul", [g.op("Mul", [x, x]), g.scalar(0.044715 * root)]), g.scalar(root)]);
  const t = g.op("Tanh", [g.op("Mul", [x, factor])]);
  return [g.op("Mul", [g.op("Mul", [x, g.scalar(0.5)]), g.op("Add", [t, g.scalar(1)])])];
};

/** Gelu of x plus a bias by a hyperbolic tangent, as ONNX Runtime's optimizer writes it. */
export const fastGelu: Operator = {
  op: "FastGelu",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
  gradient: composedGradient(decomposeFastGelu),
};
