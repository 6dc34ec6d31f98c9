import type { Operator } from "../operator.ts";
import { conv } from "./conv.ts";
import { convAttributes } from "./conv-integer.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { activated } from "./microsoft-activation.ts";

/** A convolution, what is added to it, and its activation. */
export const decomposeFusedConv: Decompose = (c) => {
  const { activation: _, ...attributes } = convAttributes(c);
  const y = c.g.op("Conv", c.inputs.slice(0, 3), attributes);
  return [activated(c, c.inputs[3] === undefined ? y : c.g.op("Add", [y, c.inputs[3]]))];
};

/** Convolution with its activation, as ONNX Runtime's optimizer writes it. */
export const fusedConv: Operator = {
  op: "FusedConv",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: conv.infer,
  gradient: composedGradient(decomposeFusedConv),
};
