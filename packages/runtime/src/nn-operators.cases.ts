import { int64, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { add, f, ints, type LayerAttributes, type LayerCase } from "./layers.fixture.ts";

function one(
  op: string,
  inputs: readonly (readonly number[])[],
  attributes: LayerAttributes = {},
  opset: number = 19,
  more: Partial<LayerCase> = {},
): LayerCase {
  return {
    name: `${op}-${opset} ${inputs.map((dims) => `[${dims}]`).join(" ")} ${JSON.stringify(attributes)}`,
    inputs: inputs.map((dims) => f(...dims)),
    opset,
    build: (g: OpenGraph, ...values: Value[]) => add(g, op, values, attributes),
    ...more,
  };
}

const X = [2, 3, 7, 6] as const;
const S = [2, 3, 9] as const;

const pools: readonly LayerCase[] = ["MaxPool", "AveragePool", "LpPool"].flatMap((op) => [
  ...[0, 1].flatMap((ceil_mode) => [
    one(op, [X], { kernel_shape: [3, 2], strides: [2, 2], ceil_mode }),
    one(op, [X], { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 1, 1, 1], ceil_mode }),
    one(op, [X], { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 2, 0], ceil_mode }),
    one(op, [X], { kernel_shape: [1, 1], strides: [3, 3], ceil_mode }),
    one(op, [X], { kernel_shape: [2, 3], strides: [2, 1], dilations: [2, 2], pads: [1, 1, 1, 1], ceil_mode }),
    one(op, [S], { kernel_shape: [2], strides: [2], ceil_mode }),
    one(op, [S], { kernel_shape: [3], strides: [3], pads: [1, 0], ceil_mode }),
    one(op, [S], { kernel_shape: [3], dilations: [2], strides: [2], pads: [1, 1], ceil_mode }),
  ]),
  ...["SAME_UPPER", "SAME_LOWER", "VALID"].flatMap((auto_pad) => [
    one(op, [X], { kernel_shape: [3, 2], strides: [2, 2], auto_pad }),
    one(op, [S], { kernel_shape: [4], strides: [2], auto_pad }),
  ]),
  one(op, [[0, 3, 4, 4]], { kernel_shape: [2, 2], strides: [2, 2] }),
]);

const counted: readonly LayerCase[] = [0, 1].flatMap((ceil_mode) => [
  one("AveragePool", [X], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
    ceil_mode,
  }),
  one("AveragePool", [S], { kernel_shape: [4], strides: [3], pads: [2, 1], count_include_pad: 1, ceil_mode }),
  one("AveragePool", [X], {
    kernel_shape: [3, 2],
    dilations: [2, 2],
    pads: [2, 1, 1, 1],
    count_include_pad: 1,
    ceil_mode,
  }),
]);

/** Largest elements and where they lie. */
const placed: readonly LayerCase[] = [
  [X, { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }] as const,
  [X, { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 1, 1, 1], storage_order: 1 }] as const,
  [X, { kernel_shape: [2, 2], dilations: [2, 3] }] as const,
  [S, { kernel_shape: [3], strides: [2], pads: [1, 1] }] as const,
].map(([dims, attributes]) => ({
  ...one("MaxPool", [dims], attributes),
  name: `MaxPool with places [${dims}] ${JSON.stringify(attributes)}`,
  build: (g: OpenGraph, x: Value) => add(g, "MaxPool", [x], attributes, ["y", "places"]),
}));

const norm: readonly LayerCase[] = [1, 2, 3].flatMap((p) => [
  one("LpPool", [X], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 0, 1], p }),
  one("GlobalLpPool", [X], { p }),
  one("GlobalLpPool", [S], { p }),
]);

const whole: readonly LayerCase[] = ["GlobalMaxPool", "GlobalAveragePool"].flatMap((op) => [
  one(op, [S]),
  one(op, [X]),
  one(op, [[2, 3, 2, 3, 4]]),
]);

const signals: readonly LayerCase[] = [
  one("Conv", [S, [4, 3, 3]]),
  one("Conv", [S, [4, 3, 4], [4]], { strides: [2], pads: [2, 1], dilations: [2] }),
  one("Conv", [S, [6, 1, 3], [6]], { group: 3, strides: [2] }),
  one(
    "Conv",
    [
      [1, 4, 7],
      [6, 2, 3],
    ],
    { group: 2 },
  ),
  ...["SAME_UPPER", "SAME_LOWER", "VALID"].map((auto_pad) => one("Conv", [S, [2, 3, 4]], { auto_pad, strides: [2] })),
];

const transposed: readonly LayerCase[] = [
  one("ConvTranspose", [X, [3, 2, 3, 3]]),
  one("ConvTranspose", [X, [3, 2, 3, 4], [2]], { strides: [2, 3], pads: [1, 0, 0, 2] }),
  one("ConvTranspose", [X, [3, 2, 2, 3]], { strides: [3, 2], output_padding: [2, 1], dilations: [2, 1] }),
  one("ConvTranspose", [X, [3, 1, 3, 3], [3]], { strides: [2, 2], group: 3, pads: [1, 1, 1, 1] }),
  one("ConvTranspose", [X, [3, 2, 3, 3], [6]], { strides: [2, 2], group: 3 }),
  one(
    "ConvTranspose",
    [
      [1, 4, 3, 5],
      [4, 3, 3, 3],
    ],
    { strides: [2, 1], group: 2 },
  ),
  one("ConvTranspose", [X, [3, 2, 1, 1]], { strides: [2, 2] }),
  one("ConvTranspose", [X, [3, 2, 3, 3]], { strides: [2, 2], output_shape: [14, 13] }),
  one("ConvTranspose", [X, [3, 2, 3, 3]], { strides: [2, 2], output_shape: [14, 12], auto_pad: "SAME_UPPER" }),
  one("ConvTranspose", [X, [3, 2, 2, 2]], { strides: [2, 2], output_shape: [15, 13] }),
  ...["SAME_UPPER", "SAME_LOWER", "VALID"].map((auto_pad) =>
    one("ConvTranspose", [X, [3, 2, 3, 4]], { auto_pad, strides: [2, 3] }),
  ),
  one("ConvTranspose", [S, [3, 2, 4], [2]], { strides: [2], pads: [1, 2], output_padding: [1] }),
  one("ConvTranspose", [S, [3, 1, 3]], { strides: [3], group: 3, auto_pad: "SAME_LOWER" }),
];

const norms: readonly LayerCase[] = [
  one("LayerNormalization", [X, [6], [6]]),
  one("LayerNormalization", [X, [7, 6]], { axis: 2, epsilon: { float: 0.01 } }),
  one("LayerNormalization", [X, X.slice(1), X.slice(1)], { axis: -3 }),
  one(
    "LayerNormalization",
    [
      [4, 5],
      [4, 5],
    ],
    { axis: 0 },
  ),
  {
    ...one("LayerNormalization", [S, [9], [9]]),
    name: "LayerNormalization with mean and inverse deviation",
    build: (g, ...values) => add(g, "LayerNormalization", values, {}, ["y", "mean", "inverse"]),
  },
  one("RMSNormalization", [X, [6]], {}, 23),
  one("RMSNormalization", [S, [3, 9]], { axis: 1, epsilon: { float: 0.1 } }, 23),
  one("InstanceNormalization", [X, [3], [3]]),
  one("InstanceNormalization", [S, [3], [3]], { epsilon: { float: 0.1 } }),
  one("InstanceNormalization", [[2, 3, 2, 3, 2], [3], [3]]),
  one("GroupNormalization", [[2, 6, 3, 4], [3], [3]], { num_groups: 3 }, 18),
  one("GroupNormalization", [[2, 6, 3, 4], [6], [6]], { num_groups: 3 }, 21),
  one("GroupNormalization", [[2, 6, 5], [6], [6]], { num_groups: 1, epsilon: { float: 0.1 } }, 21),
  one("MeanVarianceNormalization", [X]),
  one("MeanVarianceNormalization", [X], { axes: [-1, 1] }),
  one("LpNormalization", [X]),
  one("LpNormalization", [X], { axis: 1, p: 1 }),
  {
    ...one("LpNormalization", [[2, 3]]),
    name: "LpNormalization of zeros",
    build: (g, x) => add(g, "LpNormalization", [g.op("Mul", [x, g.scalar(0)])]),
  },
  one("LRN", [X], { size: 3, alpha: { float: 0.5 } }),
  one("LRN", [[1, 8, 3, 2]], { size: 5, alpha: { float: 2 }, beta: { float: 0.5 }, bias: { float: 2 } }),
  one("LRN", [[1, 8, 3, 2]], { size: 9, alpha: { float: 2 } }),
];

const shuffles: readonly LayerCase[] = [
  ...["DCR", "CRD"].flatMap((mode) => [
    one("DepthToSpace", [[2, 12, 2, 3]], { blocksize: 2, mode }),
    one("DepthToSpace", [[1, 9, 1, 3]], { blocksize: 3, mode }),
  ]),
  one("SpaceToDepth", [[2, 3, 4, 6]], { blocksize: 2 }),
  one("SpaceToDepth", [[1, 2, 3, 6]], { blocksize: 3 }),
];

const places = int64([1, 2, 2, 2], [5, 2, 8, 15, 31, 16, 22, 25]);
const unpools: readonly LayerCase[] = [
  { ...one("MaxUnpool", [[1, 2, 2, 2]], { kernel_shape: [2, 2], strides: [2, 2] }), inputs: [f(1, 2, 2, 2), places] },
  {
    ...one("MaxUnpool", [[1, 2, 2, 2]], { kernel_shape: [3, 2], strides: [2, 3], pads: [1, 0, 0, 1] }),
    inputs: [f(1, 2, 2, 2), places],
  },
  {
    ...one("MaxUnpool", [[1, 2, 2, 2]], { kernel_shape: [2, 2], strides: [2, 2] }),
    name: "MaxUnpool to its own output_shape",
    inputs: [f(1, 2, 2, 2), places],
    build: (g, x, i) => add(g, "MaxUnpool", [x, i, ints(g, 1, 2, 4, 4)], { kernel_shape: [2, 2], strides: [2, 2] }),
  },
];

/** Pooling, normalisation, convolutions of signals and transposed ones, to be run on every engine. */
export const nnCases: readonly LayerCase[] = [
  ...pools,
  ...counted,
  ...placed,
  ...norm,
  ...whole,
  ...unpools,
  ...signals,
  ...transposed,
  ...norms,
  ...shuffles,
];
