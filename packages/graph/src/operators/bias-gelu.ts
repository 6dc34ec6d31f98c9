import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { exactGelu } from "./microsoft-gelu.ts";

/** Gelu of x plus a bias, step by step. */
export const decomposeBiasGelu: Decompose = (c) => [exactGelu(c, c.g.op("Add", [c.inputs[0], c.inputs[1]]))];

/** Gelu of x plus a bias of its last axis, as ONNX Runtime's optimizer writes it. */
export const biasGelu: Operator = {
  op: "BiasGelu",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: (c) => [c.input(0)],
  gradient: composedGradient(decomposeBiasGelu),
};
