import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { gemm } from "./gemm.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { activated } from "./microsoft-activation.ts";

/** A product with its bias, and the activation. */
export const decomposeFusedGemm: Decompose = (c) => {
  const { attributes } = c;
  const own = {
    alpha: { float: attributes.float("alpha", 1) },
    beta: { float: attributes.float("beta", 1) },
    transA: attributes.int("transA", 0),
    transB: attributes.int("transB", 0),
  };
  return [activated(c, c.g.op("Gemm", c.inputs, own))];
};

/** `Gemm` with its activation, as ONNX Runtime's optimizer writes it. */
export const fusedGemm: Operator = {
  op: "FusedGemm",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer: gemm.infer,
  gradient: composedGradient(decomposeFusedGemm),
};
