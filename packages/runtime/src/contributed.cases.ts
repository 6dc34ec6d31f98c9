import { type Attribute, type DType, int64, type Tensor, tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { add, f, filled, type LayerAttributes, type LayerCase, type LayerInput } from "./layers.fixture.ts";

const of = (dtype: DType, ...dims: number[]): LayerInput => ({ dtype, dims });
const bools = (...values: number[]): Tensor => tensor("bool", [values.length], Uint8Array.from(values));
const weights = (g: OpenGraph, ...dims: number[]): Value =>
  g.constant(filled({ dtype: "float32", dims }, `weights ${dims}`));

function contributed(
  op: string,
  inputs: readonly LayerInput[],
  attributes: LayerAttributes = {},
  outputs: readonly string[] = ["y"],
): LayerCase {
  return {
    name: `${op} ${JSON.stringify(attributes)} ${inputs.length} ${outputs}`,
    inputs,
    tolerance: 5e-6,
    build: (g, ...x) => add(g, op, x, attributes, outputs, "com.microsoft"),
  };
}

const X = f(2, 3, 8);
const HIDDEN = f(8);

const microsoft: readonly LayerCase[] = [
  contributed("Gelu", [X]),
  contributed("BiasGelu", [X, HIDDEN]),
  contributed("FastGelu", [X]),
  contributed("FastGelu", [X, HIDDEN]),
  contributed("QuickGelu", [X], { alpha: { float: 1.5 } }),
  contributed("SkipLayerNormalization", [X, f(2, 3, 8), HIDDEN, HIDDEN], { epsilon: { float: 1e-5 } }),
  contributed("SkipLayerNormalization", [X, f(2, 3, 8), HIDDEN]),
  contributed("SkipLayerNormalization", [X, f(2, 3, 8), HIDDEN, HIDDEN, HIDDEN], {}, ["y", "", "", "sum"]),
  contributed("SkipLayerNormalization", [X, f(1, 3, 8), HIDDEN, HIDDEN], { epsilon: { float: 1e-3 } }),
  contributed("FusedMatMul", [f(2, 3, 4), f(2, 4, 5)], { alpha: { float: 0.125 } }),
  contributed("FusedMatMul", [f(2, 4, 3), f(2, 5, 4)], { alpha: { float: 2.5 }, transA: 1, transB: 1 }),
  contributed("FusedMatMul", [f(3, 4), f(2, 5, 4)], { transB: 1 }),
  contributed("FusedMatMul", [f(3, 2, 5, 4), f(2, 5, 4, 6)], { transBatchA: 1 }),
  contributed("FusedMatMul", [f(4, 2, 5, 3), f(2, 5, 4, 6)], { transBatchA: 1, transA: 1 }),
  contributed("FusedMatMul", [f(2, 5, 3, 4), f(6, 2, 5, 4)], { transBatchB: 1, transB: 1 }),
  contributed("FusedMatMul", [f(3, 2, 4), f(4, 2, 6)], { transBatchA: 1, transBatchB: 1 }),
];

const mask = (dims: readonly number[], ...values: number[]): Tensor => tensor("int32", dims, Int32Array.from(values));
const PROJECTED = [f(2, 3, 8), f(8, 24), f(24)] as const;
const SEEN = mask([2, 3], 1, 1, 0, 1, 1, 1);

const attention: readonly LayerCase[] = [
  contributed("Attention", [...PROJECTED], { num_heads: 2 }),
  contributed("Attention", [...PROJECTED, SEEN], { num_heads: 4, mask_filter_value: { float: -3 } }),
  contributed("Attention", [...PROJECTED, mask([2], 2, 3)], { num_heads: 2 }),
  contributed("Attention", [...PROJECTED, mask([2, 3, 3], 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1)], {
    num_heads: 2,
  }),
  contributed("Attention", [...PROJECTED], { num_heads: 2, unidirectional: 1, scale: { float: 0.3 } }),
  contributed("Attention", [...PROJECTED, SEEN], { num_heads: 2, unidirectional: 1 }),
  {
    name: "Attention, scores biased",
    inputs: [...PROJECTED, f(2, 2, 3, 3)],
    tolerance: 5e-6,
    build: (g, x, w, b, scores) =>
      add(g, "Attention", [x, w, b, undefined, undefined, scores], { num_heads: 2 }, ["y"], "com.microsoft"),
  },
  contributed("MultiHeadAttention", [f(2, 3, 8), f(2, 4, 8), f(2, 4, 8)], { num_heads: 2 }),
  contributed("MultiHeadAttention", [f(2, 3, 8), f(2, 4, 8), f(2, 4, 8), f(24)], { num_heads: 4 }),
  contributed("MultiHeadAttention", [f(2, 3, 8), f(2, 4, 8), f(2, 4, 8), f(24), mask([2, 4], 1, 1, 0, 0, 1, 1, 1, 0)], {
    num_heads: 2,
    scale: { float: 0.5 },
  }),
  {
    name: "MultiHeadAttention, scores biased",
    inputs: [f(2, 3, 8), f(2, 4, 8), f(2, 4, 6), f(1, 2, 3, 4)],
    tolerance: 5e-6,
    build: (g, q, k, v, scores) =>
      add(g, "MultiHeadAttention", [q, k, v, undefined, undefined, scores], { num_heads: 2 }, ["y"], "com.microsoft"),
  },
];

const ids = mask([2, 3], 0, 4, 1, 2, 2, 3);
const kinds = mask([2, 3], 0, 0, 1, 0, 1, 1);
const TABLES = [f(5, 8), f(6, 8), f(2, 8), f(8), f(8)] as const;
const epsilon = { epsilon: { float: 1e-5 } };

const embedded: readonly LayerCase[] = [
  contributed("EmbedLayerNormalization", [ids, kinds, ...TABLES], epsilon, ["y", "lengths"]),
  contributed("EmbedLayerNormalization", [ids, kinds, ...TABLES, SEEN], epsilon, ["y", "lengths", "sum"]),
  {
    name: "EmbedLayerNormalization without segments, places given",
    inputs: [ids, f(5, 8), f(6, 8), f(8), f(8), mask([2, 3], 5, 4, 3, 0, 0, 1)],
    tolerance: 5e-6,
    build: (g, ids, words, places, gamma, beta, at) =>
      add(
        g,
        "EmbedLayerNormalization",
        [ids, undefined, words, places, undefined, gamma, beta, undefined, at],
        epsilon,
        ["y", "lengths"],
        "com.microsoft",
      ),
  },
];

const hardmax: readonly LayerCase[] = [
  { name: "Hardmax-13", opset: 13, inputs: [f(2, 3, 5)], build: (g, x) => add(g, "Hardmax", [x]) },
  {
    name: "Hardmax-13 along axis 1",
    opset: 13,
    inputs: [f(2, 3, 5)],
    build: (g, x) => add(g, "Hardmax", [x], { axis: 1 }),
  },
  { name: "Hardmax-11 from axis 1 on", opset: 11, inputs: [f(2, 3, 5)], build: (g, x) => add(g, "Hardmax", [x]) },
  {
    name: "Hardmax-13 of ties",
    opset: 13,
    inputs: [f(4, 3)],
    build: (g, x) => add(g, "Hardmax", [g.op("Round", [x])]),
  },
];

const reversed: readonly LayerCase[] = [
  {
    name: "ReverseSequence, time first",
    inputs: [f(4, 3, 2)],
    affine: true,
    build: (g, x) => add(g, "ReverseSequence", [x, g.constant(int64([3], [4, 1, 3]))]),
  },
  {
    name: "ReverseSequence, batch first",
    inputs: [f(3, 4)],
    affine: true,
    build: (g, x) => add(g, "ReverseSequence", [x, g.constant(int64([3], [2, 4, 3]))], { time_axis: 1, batch_axis: 0 }),
  },
  {
    name: "ReverseSequence, lengths fed",
    inputs: [f(3, 2, 2), int64([2], [2, 3])],
    affine: true,
    build: (g, x, lengths) => add(g, "ReverseSequence", [x, lengths]),
  },
  {
    name: "ReverseSequence of integers",
    inputs: [of("int64", 3, 2), int64([2], [2, 3])],
    build: (g, x, n) => add(g, "ReverseSequence", [x, n]),
  },
];

const compressed: readonly LayerCase[] = [
  {
    name: "Compress along axis 1",
    inputs: [f(3, 5, 2)],
    affine: true,
    build: (g, x) => add(g, "Compress", [x, g.constant(bools(1, 0, 1, 1, 0))], { axis: 1 }),
  },
  {
    name: "Compress along the last axis, fewer conditions",
    inputs: [f(3, 5)],
    affine: true,
    build: (g, x) => add(g, "Compress", [x, g.constant(bools(0, 1, 1))], { axis: -1 }),
  },
  {
    name: "Compress of the whole value",
    inputs: [f(2, 3)],
    affine: true,
    build: (g, x) => add(g, "Compress", [x, g.constant(bools(0, 1, 0, 0, 1, 1))]),
  },
  {
    name: "Compress of many pieces",
    inputs: [f(40, 2)],
    affine: true,
    build: (g, x) =>
      add(g, "Compress", [x, g.constant(bools(...Array.from({ length: 40 }, (_, i) => i % 2)))], { axis: 0 }),
  },
  {
    name: "Compress, conditions fed",
    inputs: [f(3, 5), bools(1, 0, 1)],
    build: (g, x, condition) => add(g, "Compress", [x, condition], { axis: 0 }),
  },
  {
    name: "Compress to nothing",
    inputs: [f(3, 5), bools(0, 0, 0)],
    build: (g, x, condition) => add(g, "Compress", [x, condition], { axis: 0 }),
  },
];

const params = (...values: number[]): Attribute => ({ type: "floats", value: values });

const fused: readonly LayerCase[] = [
  ...["Relu", "Sigmoid", "Tanh"].map((activation) =>
    contributed("FusedConv", [f(1, 2, 5, 6), f(4, 2, 3, 3), f(4)], {
      activation,
      kernel_shape: [3, 3],
      strides: [2, 1],
    }),
  ),
  contributed("FusedConv", [f(1, 4, 5, 6), f(4, 1, 3, 3)], { activation: "Relu", group: 4, kernel_shape: [3, 3] }),
  contributed("FusedConv", [f(1, 2, 5, 6), f(4, 2, 3, 3), f(4), f(1, 4, 3, 4)], {
    activation: "Relu",
    kernel_shape: [3, 3],
  }),
  ...(
    [
      ["LeakyRelu", params(0.2)],
      ["HardSigmoid", params(0.3, 0.4)],
      ["Clip", params(-0.1, 0.25)],
    ] as const
  ).map(([activation, activation_params]) =>
    contributed("FusedConv", [f(1, 2, 5, 6), f(4, 2, 3, 3), f(4)], {
      activation,
      activation_params,
      kernel_shape: [3, 3],
    }),
  ),
  contributed("FusedGemm", [f(3, 4), f(4, 5), f(5)], { activation: "Relu" }),
  contributed("FusedGemm", [f(4, 3), f(5, 4), f(5)], {
    activation: "LeakyRelu",
    activation_alpha: { float: 0.3 },
    alpha: { float: 0.5 },
    transA: 1,
    transB: 1,
  }),
];

/** A block as ONNX Runtime's optimizer leaves it. */
const block: LayerCase = {
  name: "an optimized feed-forward block",
  inputs: [f(2, 3, 8)],
  tolerance: 1e-5,
  build(g, x) {
    const wide = g.op("MatMul", [x, weights(g, 8, 16)]);
    const active = add(g, "BiasGelu", [wide, weights(g, 16)], {}, ["y"], "com.microsoft")[0]!;
    const narrow = add(g, "FusedMatMul", [active, weights(g, 8, 16)], { transB: 1 }, ["y"], "com.microsoft")[0]!;
    const norm = [narrow, x, weights(g, 8), weights(g, 8)];
    return add(g, "SkipLayerNormalization", norm, { epsilon: { float: 1e-5 } }, ["y"], "com.microsoft");
  },
};

/** Operators that ONNX Runtime's optimizer writes, and a few rare standard ones. */
export const contributedCases: readonly LayerCase[] = [
  ...microsoft,
  ...attention,
  ...embedded,
  ...fused,
  ...hardmax,
  ...reversed,
  ...compressed,
  block,
];
