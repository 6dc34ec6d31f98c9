import { decomposeAttention } from "./attention.ts";
import { decomposeMultiHeadAttention } from "./attention-multi-head.ts";
import { decomposeStandardAttention } from "./attention-standard.ts";
import { decomposeBiasGelu } from "./bias-gelu.ts";
import { decomposeConvInteger } from "./conv-integer.ts";
import type { Decompose } from "./decomposition.ts";
import { decomposeDequantize } from "./dequantize-linear.ts";
import { decomposeGru } from "./gru.ts";
import { decomposeHardmax } from "./hardmax.ts";
import { decomposeLstm } from "./lstm.ts";
import { decomposeEmbedLayerNormalization } from "./microsoft-embed-layer-normalization.ts";
import { decomposeFastGelu } from "./microsoft-fast-gelu.ts";
import { decomposeFusedConv } from "./microsoft-fused-conv.ts";
import { decomposeFusedGemm } from "./microsoft-fused-gemm.ts";
import { decomposeFusedMatMul } from "./microsoft-fused-matmul.ts";
import { decomposeMicrosoftGelu } from "./microsoft-gelu.ts";
import { decomposeQuickGelu } from "./microsoft-quick-gelu.ts";
import { decomposeQLinearConv } from "./qlinear-conv.ts";
import { decomposeQLinearMatMul } from "./qlinear-matmul.ts";
import { decomposeResize } from "./resize.ts";
import { decomposeRnn } from "./rnn.ts";
import { decomposeSkipLayerNormalization } from "./skip-layer-normalization.ts";

/** Operators that can be written in others, for engines without a kernel of their own; names of other domains carry the domain. */
export const decompositions: Readonly<Record<string, Decompose>> = {
  "com.microsoft.Attention": decomposeAttention,
  "com.microsoft.BiasGelu": decomposeBiasGelu,
  "com.microsoft.EmbedLayerNormalization": decomposeEmbedLayerNormalization,
  "com.microsoft.FastGelu": decomposeFastGelu,
  "com.microsoft.FusedConv": decomposeFusedConv,
  "com.microsoft.FusedGemm": decomposeFusedGemm,
  "com.microsoft.FusedMatMul": decomposeFusedMatMul,
  "com.microsoft.Gelu": decomposeMicrosoftGelu,
  "com.microsoft.MultiHeadAttention": decomposeMultiHeadAttention,
  "com.microsoft.QuickGelu": decomposeQuickGelu,
  "com.microsoft.SkipLayerNormalization": decomposeSkipLayerNormalization,
  Attention: decomposeStandardAttention,
  ConvInteger: decomposeConvInteger,
  DequantizeLinear: decomposeDequantize,
  GRU: decomposeGru,
  Hardmax: decomposeHardmax,
  LSTM: decomposeLstm,
  QLinearConv: decomposeQLinearConv,
  QLinearMatMul: decomposeQLinearMatMul,
  RNN: decomposeRnn,
  Resize: decomposeResize,
  Upsample: decomposeResize,
};
