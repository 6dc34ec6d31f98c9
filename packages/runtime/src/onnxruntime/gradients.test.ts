import type { Engine } from "@graft-ml/core";
import { reduceMean, reduceSum, reshape } from "@graft-ml/graph";
import { beforeAll, describe, test } from "vitest";
import { draw, expectCentralDifferences, type GradientCase, gridded } from "./central-differences.fixture.ts";
import { onnxRuntimeEngine } from "./engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await onnxRuntimeEngine();
});

const conv = (
  name: string,
  x: number[],
  w: number[],
  attributes: Record<string, number | number[]>,
  bias = false,
): GradientCase => ({
  name: `Conv ${name}`,
  inputs: [draw(x), draw(w), ...(bias ? [draw([w[0]!])] : [])],
  build: (g, ...values) => g.op("Conv", values, attributes),
});

const cases: GradientCase[] = [
  { name: "Add broadcast", inputs: [draw([2, 3]), draw([3])], build: (g, a, b) => g.op("Add", [a, b]) },
  { name: "Sub broadcast", inputs: [draw([2, 3]), draw([2, 1])], build: (g, a, b) => g.op("Sub", [a, b]) },
  { name: "Mul same value twice", inputs: [draw([2, 3])], build: (g, a) => g.op("Mul", [a, a]) },
  { name: "Mul broadcast", inputs: [draw([2, 3]), draw([1])], build: (g, a, b) => g.op("Mul", [a, b]) },
  { name: "Div", inputs: [draw([2, 3]), draw([3], 0.5, 2)], build: (g, a, b) => g.op("Div", [a, b]) },
  { name: "Pow", inputs: [draw([2, 3], 0.5, 2), draw([3], 0.5, 2)], build: (g, a, b) => g.op("Pow", [a, b]) },
  { name: "Min", inputs: [gridded([2, 3]), gridded([3], 1 / 16)], build: (g, a, b) => g.op("Min", [a, b]) },
  { name: "Max", inputs: [gridded([2, 3]), gridded([3], 1 / 16)], build: (g, a, b) => g.op("Max", [a, b]) },
  {
    name: "Where",
    inputs: [gridded([2, 3]), gridded([3], 1 / 16)],
    build: (g, a, b) => g.op("Where", [g.op("Less", [a, b]), g.op("Mul", [a, b]), b]),
  },
  ...["Sigmoid", "Tanh", "Erf", "Exp", "Neg", "Abs", "Identity"].map(
    (op): GradientCase => ({ name: op, inputs: [gridded([2, 3])], build: (g, a) => g.op(op, [a]) }),
  ),
  ...["Log", "Sqrt", "Reciprocal"].map(
    (op): GradientCase => ({ name: op, inputs: [draw([2, 3], 0.5, 2)], build: (g, a) => g.op(op, [a]) }),
  ),
  { name: "Relu", inputs: [gridded([4, 5])], build: (g, a) => g.op("Relu", [a]) },
  { name: "Clip", inputs: [gridded([4, 5])], build: (g, a) => g.op("Clip", [a, g.scalar(-0.5), g.scalar(0.5)]) },
  { name: "Clip one side", inputs: [gridded([4, 5])], build: (g, a) => g.op("Clip", [a, undefined, g.scalar(0.5)]) },
  { name: "Softmax", inputs: [draw([2, 4])], build: (g, a) => g.op("Softmax", [a], { axis: -1 }) },
  { name: "Softmax first axis", inputs: [draw([2, 4])], build: (g, a) => g.op("Softmax", [a], { axis: 0 }) },
  { name: "LogSoftmax", inputs: [draw([2, 4])], build: (g, a) => g.op("LogSoftmax", [a], { axis: 1 }) },
  { name: "ReduceMean", inputs: [draw([2, 3, 4])], build: (g, a) => reduceMean(g, a, [0, -1], false) },
  { name: "ReduceSum keepdims", inputs: [draw([2, 3, 4])], build: (g, a) => reduceSum(g, a, [1], true) },
  { name: "GlobalAveragePool", inputs: [draw([2, 3, 4, 5])], build: (g, a) => g.op("GlobalAveragePool", [a]) },
  { name: "Flatten", inputs: [draw([2, 3, 4])], build: (g, a) => g.op("Flatten", [a], { axis: 2 }) },
  { name: "Reshape", inputs: [draw([2, 3, 4])], build: (g, a) => reshape(g, a, [0, -1]) },
  { name: "Transpose", inputs: [draw([2, 3, 4])], build: (g, a) => g.op("Transpose", [a], { perm: [2, 0, 1] }) },
  {
    name: "Squeeze and Unsqueeze",
    inputs: [draw([2, 1, 4])],
    build: (g, a) => g.op("Unsqueeze", [g.op("Squeeze", [a, g.ints([1])]), g.ints([0, -1])]),
  },
  { name: "Concat", inputs: [draw([2, 3]), draw([2, 1])], build: (g, a, b) => g.op("Concat", [a, b, a], { axis: -1 }) },
  {
    name: "Slice",
    inputs: [draw([4, 7])],
    build: (g, a) => g.op("Slice", [a, g.ints([1, -1]), g.ints([3, -7]), g.ints([0, 1]), g.ints([1, -2])]),
  },
  {
    name: "Slice with steps",
    inputs: [draw([9, 3])],
    build: (g, a) => g.op("Slice", [a, g.ints([1]), g.ints([8]), g.ints([0]), g.ints([3])]),
  },
  { name: "Pad", inputs: [draw([2, 3])], build: (g, a) => g.op("Pad", [a, g.ints([1, 0, 0, 2])]) },
  { name: "Expand", inputs: [draw([3, 1])], build: (g, a) => g.op("Expand", [a, g.ints([2, 3, 4])]) },
  { name: "MatMul", inputs: [draw([2, 3]), draw([3, 4])], build: (g, a, b) => g.op("MatMul", [a, b]) },
  { name: "MatMul batched", inputs: [draw([2, 2, 3]), draw([2, 3, 4])], build: (g, a, b) => g.op("MatMul", [a, b]) },
  {
    name: "MatMul shared right side",
    inputs: [draw([2, 2, 3]), draw([3, 4])],
    build: (g, a, b) => g.op("MatMul", [a, b]),
  },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map(
      (transB): GradientCase => ({
        name: `Gemm ${transA}${transB}`,
        inputs: [draw(transA ? [3, 2] : [2, 3]), draw(transB ? [4, 3] : [3, 4]), draw([4])],
        build: (g, a, b, c) => g.op("Gemm", [a, b, c], { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } }),
      }),
    ),
  ),
  conv("plain", [2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }, true),
  conv("no pads", [2, 3, 5, 6], [4, 3, 3, 2], {}),
  conv("stride 2, asymmetric pads", [2, 3, 6, 6], [4, 3, 3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }),
  conv("stride 2, odd size", [2, 2, 7, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv("stride 3, unused border", [1, 2, 9, 8], [2, 2, 2, 2], { strides: [3, 3] }),
  conv("dilated", [2, 2, 8, 8], [3, 2, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv("dilated and strided", [1, 2, 9, 9], [3, 2, 3, 3], { dilations: [2, 2], strides: [2, 2], pads: [2, 2, 2, 2] }),
  conv("1×1", [2, 3, 4, 4], [5, 3, 1, 1], {}, true),
  conv("1×1 large image", [2, 2, 30, 30], [3, 2, 1, 1], {}),
  conv("1×1 stride 2", [2, 3, 5, 5], [4, 3, 1, 1], { strides: [2, 2] }),
  conv("1×1 padded", [1, 2, 3, 3], [2, 2, 1, 1], { pads: [1, 1, 1, 1] }),
  conv("depthwise, large", [1, 2, 12, 11], [2, 1, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv("depthwise, large, stride 2", [1, 2, 16, 16], [2, 1, 3, 3], { group: 2, strides: [2, 2], pads: [0, 0, 1, 1] }),
  conv(
    "depthwise, dilated, bias",
    [2, 3, 6, 7],
    [3, 1, 3, 2],
    { group: 3, dilations: [2, 1], pads: [2, 0, 2, 1] },
    true,
  ),
  conv("depthwise", [2, 4, 5, 5], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv("depthwise stride 2", [2, 4, 6, 6], [4, 1, 5, 5], { group: 4, strides: [2, 2], pads: [1, 1, 2, 2] }),
  conv("depthwise multiplier 2", [2, 3, 5, 5], [6, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  conv("grouped", [2, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv("grouped stride 2", [2, 4, 6, 6], [6, 2, 3, 3], { group: 2, strides: [2, 2], pads: [0, 0, 1, 1] }),
  conv("auto_pad", [1, 2, 6, 6], [2, 2, 3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }),
  {
    name: "BatchNormalization, fixed statistics",
    inputs: [draw([2, 3, 4, 4]), draw([3], 0.5, 2), draw([3])],
    build: (g, x, scale, shift) =>
      g.op("BatchNormalization", [x, scale, shift, g.constant(draw([3])), g.constant(draw([3], 0.5, 2))], {
        epsilon: { float: 1e-3 },
      }),
  },
];

describe("gradient rules and their lowerings equal central differences", () => {
  test.each(cases)("$name", (one) => expectCentralDifferences(engine, one));
});
