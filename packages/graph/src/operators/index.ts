import { fail, type GraphNode } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { and } from "./and.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { cast } from "./cast.ts";
import { clip } from "./clip.ts";
import { clipGrad } from "./clip-grad.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { conv } from "./conv.ts";
import { convGradFilter } from "./conv-grad-filter.ts";
import { convGradInput } from "./conv-grad-input.ts";
import { div } from "./div.ts";
import { dropout } from "./dropout.ts";
import { equal } from "./equal.ts";
import { erf } from "./erf.ts";
import { exp } from "./exp.ts";
import { expand } from "./expand.ts";
import { flatten } from "./flatten.ts";
import { gather } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { globalAveragePool } from "./global-average-pool.ts";
import { greater } from "./greater.ts";
import { identity } from "./identity.ts";
import { less } from "./less.ts";
import { log } from "./log.ts";
import { logSoftmax } from "./log-softmax.ts";
import { matMul } from "./matmul.ts";
import { max } from "./max.ts";
import { min } from "./min.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { not } from "./not.ts";
import { pad } from "./pad.ts";
import { pow } from "./pow.ts";
import { reciprocal } from "./reciprocal.ts";
import { reduceMax } from "./reduce-max.ts";
import { reduceMean } from "./reduce-mean.ts";
import { reduceSum } from "./reduce-sum.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { shape } from "./shape.ts";
import { sigmoid } from "./sigmoid.ts";
import { sign } from "./sign.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { sqrt } from "./sqrt.ts";
import { squeeze } from "./squeeze.ts";
import { sub } from "./sub.ts";
import { tanh } from "./tanh.ts";
import { transpose } from "./transpose.ts";
import { unsqueeze } from "./unsqueeze.ts";
import { where } from "./where.ts";

/** Every operator that Graft knows; one line a file. */
export const operators: readonly Operator[] = [
  abs,
  add,
  and,
  batchNormalization,
  cast,
  clipGrad,
  clip,
  concat,
  constant,
  convGradFilter,
  convGradInput,
  conv,
  div,
  dropout,
  equal,
  erf,
  exp,
  expand,
  flatten,
  gather,
  gemm,
  globalAveragePool,
  greater,
  identity,
  less,
  logSoftmax,
  log,
  matMul,
  max,
  min,
  mul,
  neg,
  not,
  pad,
  pow,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  shape,
  sigmoid,
  sign,
  slice,
  softmax,
  sqrt,
  squeeze,
  sub,
  tanh,
  transpose,
  unsqueeze,
  where,
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
