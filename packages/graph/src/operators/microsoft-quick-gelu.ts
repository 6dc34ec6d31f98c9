import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";

/** x · sigmoid(alpha · x), step by step. */
export const decomposeQuickGelu: Decompose = ({ g, attributes, inputs: [x] }) => [
  g.op("Mul", [x, g.op("Sigmoid", [g.op("Mul", [x, g.scalar(attributes.float("alpha", 1.702))])])]),
];

/** x · sigmoid(alpha · x), as ONNX Runtime's optimizer writes it. */
export const quickGelu: Operator = {
  op: "QuickGelu",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
  gradient: composedGradient(decomposeQuickGelu),
};
