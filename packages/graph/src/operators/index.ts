import { fail, type GraphNode } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { and } from "./and.ts";
import { argMax } from "./arg-max.ts";
import { argMin } from "./arg-min.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { cast } from "./cast.ts";
import { ceil } from "./ceil.ts";
import { celu } from "./celu.ts";
import { clip } from "./clip.ts";
import { clipGrad } from "./clip-grad.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { constantOfShape } from "./constant-of-shape.ts";
import { conv } from "./conv.ts";
import { convGradFilter } from "./conv-grad-filter.ts";
import { convGradInput } from "./conv-grad-input.ts";
import { cos } from "./cos.ts";
import { cumSum } from "./cum-sum.ts";
import { div } from "./div.ts";
import { dropout } from "./dropout.ts";
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
import { greater } from "./greater.ts";
import { greaterOrEqual } from "./greater-or-equal.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardSwish } from "./hard-swish.ts";
import { identity } from "./identity.ts";
import { isInf } from "./is-inf.ts";
import { isNan } from "./is-nan.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { less } from "./less.ts";
import { lessOrEqual } from "./less-or-equal.ts";
import { log } from "./log.ts";
import { logSoftmax } from "./log-softmax.ts";
import { matMul } from "./matmul.ts";
import { max } from "./max.ts";
import { maxPool } from "./max-pool.ts";
import { mean } from "./mean.ts";
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
import { round } from "./round.ts";
import { scatterElements } from "./scatter-elements.ts";
import { scatterNd } from "./scatter-nd.ts";
import { selu } from "./selu.ts";
import { shape } from "./shape.ts";
import { sigmoid } from "./sigmoid.ts";
import { sign } from "./sign.ts";
import { sin } from "./sin.ts";
import { size } from "./size.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { softsign } from "./softsign.ts";
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
import { where } from "./where.ts";
import { xor } from "./xor.ts";

/** Every operator that Graft knows; one line a file. */
export const operators: readonly Operator[] = [
  abs,
  add,
  and,
  argMax,
  argMin,
  batchNormalization,
  cast,
  ceil,
  celu,
  clip,
  clipGrad,
  concat,
  constant,
  constantOfShape,
  conv,
  convGradFilter,
  convGradInput,
  cos,
  cumSum,
  div,
  dropout,
  einsum,
  elu,
  equal,
  erf,
  exp,
  expand,
  eyeLike,
  flatten,
  floor,
  gather,
  gatherElements,
  gatherElementsGrad,
  gatherGrad,
  gatherNd,
  gatherNdGrad,
  gelu,
  gemm,
  globalAveragePool,
  greater,
  greaterOrEqual,
  hardSigmoid,
  hardSwish,
  identity,
  isInf,
  isNan,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  matMul,
  max,
  maxPool,
  mean,
  min,
  mish,
  mod,
  mul,
  neg,
  nonZero,
  not,
  oneHot,
  or,
  pad,
  pow,
  pRelu,
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
  round,
  scatterElements,
  scatterNd,
  selu,
  shape,
  sigmoid,
  sign,
  sin,
  size,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  sqrt,
  squeeze,
  sub,
  sum,
  tanh,
  thresholdedRelu,
  tile,
  topK,
  transpose,
  trilu,
  unsqueeze,
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
