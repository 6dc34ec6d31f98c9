import { fail, type GraphNode } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { and } from "./and.ts";
import { argMax } from "./arg-max.ts";
import { argMin } from "./arg-min.ts";
import { attention } from "./attention.ts";
import { multiHeadAttention } from "./attention-multi-head.ts";
import { standardAttention } from "./attention-standard.ts";
import { averagePool } from "./average-pool.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { biasGelu } from "./bias-gelu.ts";
import { cast } from "./cast.ts";
import { ceil } from "./ceil.ts";
import { celu } from "./celu.ts";
import { clip } from "./clip.ts";
import { clipGrad } from "./clip-grad.ts";
import { compress } from "./compress.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { constantOfShape } from "./constant-of-shape.ts";
import { conv } from "./conv.ts";
import { convGradFilter } from "./conv-grad-filter.ts";
import { convGradInput } from "./conv-grad-input.ts";
import { convInteger } from "./conv-integer.ts";
import { convTranspose } from "./conv-transpose.ts";
import { cos } from "./cos.ts";
import { cumSum } from "./cum-sum.ts";
import { depthToSpace } from "./depth-to-space.ts";
import { dequantizeLinear } from "./dequantize-linear.ts";
import { div } from "./div.ts";
import { dropout } from "./dropout.ts";
import { dynamicQuantizeLinear } from "./dynamic-quantize-linear.ts";
import { einsum } from "./einsum.ts";
import { elu } from "./elu.ts";
import { equal } from "./equal.ts";
import { erf } from "./erf.ts";
import { exp } from "./exp.ts";
import { expand } from "./expand.ts";
import { eyeLike } from "./eye-like.ts";
import { flatten } from "./flatten.ts";
import { floor } from "./floor.ts";
import { gather } from "./gather.ts";
import { gatherElements } from "./gather-elements.ts";
import { gatherElementsGrad } from "./gather-elements-grad.ts";
import { gatherGrad } from "./gather-grad.ts";
import { gatherNd } from "./gather-nd.ts";
import { gatherNdGrad } from "./gather-nd-grad.ts";
import { gelu } from "./gelu.ts";
import { gemm } from "./gemm.ts";
import { globalAveragePool } from "./global-average-pool.ts";
import { globalMaxPool } from "./global-max-pool.ts";
import { greater } from "./greater.ts";
import { greaterOrEqual } from "./greater-or-equal.ts";
import { groupNormalization } from "./group-normalization.ts";
import { gru } from "./gru.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardSwish } from "./hard-swish.ts";
import { hardmax } from "./hardmax.ts";
import { identity } from "./identity.ts";
import { instanceNormalization } from "./instance-normalization.ts";
import { isInf } from "./is-inf.ts";
import { isNan } from "./is-nan.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { less } from "./less.ts";
import { lessOrEqual } from "./less-or-equal.ts";
import { log } from "./log.ts";
import { logSoftmax } from "./log-softmax.ts";
import { lpNormalization } from "./lp-normalization.ts";
import { globalLpPool, lpPool } from "./lp-pool.ts";
import { lrn } from "./lrn.ts";
import { lstm } from "./lstm.ts";
import { matMul } from "./matmul.ts";
import { matMulInteger } from "./matmul-integer.ts";
import { max } from "./max.ts";
import { maxPool } from "./max-pool.ts";
import { maxPoolGrad } from "./max-pool-grad.ts";
import { maxUnpool } from "./max-unpool.ts";
import { mean } from "./mean.ts";
import { meanVarianceNormalization } from "./mean-variance-normalization.ts";
import { embedLayerNormalization } from "./microsoft-embed-layer-normalization.ts";
import { fastGelu } from "./microsoft-fast-gelu.ts";
import { fusedConv } from "./microsoft-fused-conv.ts";
import { fusedGemm } from "./microsoft-fused-gemm.ts";
import { fusedMatMul } from "./microsoft-fused-matmul.ts";
import { microsoftGelu } from "./microsoft-gelu.ts";
import { quickGelu } from "./microsoft-quick-gelu.ts";
import { min } from "./min.ts";
import { mish } from "./mish.ts";
import { mod } from "./mod.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { nonZero } from "./non-zero.ts";
import { not } from "./not.ts";
import { oneHot } from "./one-hot.ts";
import { or } from "./or.ts";
import { pad } from "./pad.ts";
import { pow } from "./pow.ts";
import { pRelu } from "./prelu.ts";
import { qLinearConv } from "./qlinear-conv.ts";
import { qLinearMatMul } from "./qlinear-matmul.ts";
import { quantizeLinear } from "./quantize-linear.ts";
import { range } from "./range.ts";
import { reciprocal } from "./reciprocal.ts";
import { reduceL1 } from "./reduce-l1.ts";
import { reduceL2 } from "./reduce-l2.ts";
import { reduceLogSum } from "./reduce-log-sum.ts";
import { reduceLogSumExp } from "./reduce-log-sum-exp.ts";
import { reduceMax } from "./reduce-max.ts";
import { reduceMean } from "./reduce-mean.ts";
import { reduceMin } from "./reduce-min.ts";
import { reduceProd } from "./reduce-prod.ts";
import { reduceSum } from "./reduce-sum.ts";
import { reduceSumSquare } from "./reduce-sum-square.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { resize } from "./resize.ts";
import { reverseSequence } from "./reverse-sequence.ts";
import { rmsNormalization } from "./rms-normalization.ts";
import { rnn } from "./rnn.ts";
import { round } from "./round.ts";
import { scatterElements } from "./scatter-elements.ts";
import { scatterNd } from "./scatter-nd.ts";
import { selu } from "./selu.ts";
import { shape } from "./shape.ts";
import { sigmoid } from "./sigmoid.ts";
import { sign } from "./sign.ts";
import { sin } from "./sin.ts";
import { size } from "./size.ts";
import { skipLayerNormalization } from "./skip-layer-normalization.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { softsign } from "./softsign.ts";
import { spaceToDepth } from "./space-to-depth.ts";
import { split } from "./split.ts";
import { sqrt } from "./sqrt.ts";
import { squeeze } from "./squeeze.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";
import { tanh } from "./tanh.ts";
import { thresholdedRelu } from "./thresholded-relu.ts";
import { tile } from "./tile.ts";
import { topK } from "./top-k.ts";
import { transpose } from "./transpose.ts";
import { trilu } from "./trilu.ts";
import { unsqueeze } from "./unsqueeze.ts";
import { upsample } from "./upsample.ts";
import { where } from "./where.ts";
import { xor } from "./xor.ts";

/** Every operator that Graft knows; one line a file. */
export const operators: readonly Operator[] = [
  abs,
  add,
  and,
  argMax,
  argMin,
  attention,
  averagePool,
  batchNormalization,
  biasGelu,
  cast,
  ceil,
  celu,
  clip,
  clipGrad,
  compress,
  concat,
  constant,
  constantOfShape,
  conv,
  convGradFilter,
  convGradInput,
  convInteger,
  convTranspose,
  cos,
  cumSum,
  depthToSpace,
  dequantizeLinear,
  div,
  dropout,
  dynamicQuantizeLinear,
  einsum,
  elu,
  embedLayerNormalization,
  equal,
  erf,
  exp,
  expand,
  eyeLike,
  fastGelu,
  flatten,
  floor,
  fusedConv,
  fusedGemm,
  fusedMatMul,
  gather,
  gatherElements,
  gatherElementsGrad,
  gatherGrad,
  gatherNd,
  gatherNdGrad,
  gelu,
  gemm,
  globalAveragePool,
  globalLpPool,
  globalMaxPool,
  greater,
  greaterOrEqual,
  groupNormalization,
  gru,
  hardmax,
  hardSigmoid,
  hardSwish,
  identity,
  instanceNormalization,
  isInf,
  isNan,
  layerNormalization,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  lpNormalization,
  lpPool,
  lrn,
  lstm,
  matMul,
  matMulInteger,
  max,
  maxPool,
  maxPoolGrad,
  maxUnpool,
  mean,
  meanVarianceNormalization,
  microsoftGelu,
  min,
  mish,
  mod,
  mul,
  multiHeadAttention,
  neg,
  nonZero,
  not,
  oneHot,
  or,
  pad,
  pow,
  pRelu,
  qLinearConv,
  qLinearMatMul,
  quantizeLinear,
  quickGelu,
  range,
  reciprocal,
  reduceL1,
  reduceL2,
  reduceLogSum,
  reduceLogSumExp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
  relu,
  reshape,
  resize,
  reverseSequence,
  rmsNormalization,
  rnn,
  round,
  scatterElements,
  scatterNd,
  selu,
  shape,
  sigmoid,
  sign,
  sin,
  size,
  skipLayerNormalization,
  slice,
  softmax,
  softplus,
  softsign,
  spaceToDepth,
  split,
  sqrt,
  squeeze,
  standardAttention,
  sub,
  sum,
  tanh,
  thresholdedRelu,
  tile,
  topK,
  transpose,
  trilu,
  unsqueeze,
  upsample,
  where,
  xor,
];

const TABLE = new Map(operators.map((operator) => [key(operator.domain ?? "", operator.op), operator]));

/** The operator of a node, or an error that names node, operator and operator set. */
export function findOperator(node: GraphNode, opsets: Readonly<Record<string, number>>): Operator {
  const opset = opsets[node.domain];
  const operator = TABLE.get(key(node.domain, node.op));
  const name = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  if (operator === undefined) {
    throw fail(
      "graph",
      `node "${node.name}" uses operator ${name} (opset ${opset ?? "not imported"}), which is not supported`,
    );
  }
  if (opset === undefined || opset < operator.since) {
    throw fail(
      "graph",
      `node "${node.name}" uses operator ${name} of opset ${opset ?? "not imported"}; supported from ${operator.since} on`,
    );
  }
  return operator;
}

function key(domain: string, op: string): string {
  return `${domain}/${op}`;
}
