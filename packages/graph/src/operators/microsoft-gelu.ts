import type { Value } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import type { Decompose, DecomposeContext } from "./decomposition.ts";
import { exactGeluGradient } from "./gelu.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";

/** x · Φ(x) in elementary operators. */
export function exactGelu({ g }: Pick<DecomposeContext, "g">, x: Value): Value {
  const erf = g.op("Erf", [g.op("Mul", [x, g.scalar(Math.SQRT1_2)])]);
  return g.op("Mul", [g.op("Mul", [x, g.scalar(0.5)]), g.op("Add", [erf, g.scalar(1)])]);
}

/** x · Φ(x), step by step. */
export const decomposeMicrosoftGelu: Decompose = (c) => [exactGelu(c, c.inputs[0]!)];

/** x · Φ(x), as ONNX Runtime's optimizer writes it. */
export const microsoftGelu: Operator = {
  op: "Gelu",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
  gradient: ({ g, inputs, dy }) => [exactGeluGradient(g, inputs[0]!, dy)],
};
