import { type Engine, float32, int64, seededRandom, sizeOf, type Tensor, tensor, type Value } from "@graft-ml/core";
import { emptyGraph, graphBuilder, type OpenGraph } from "@graft-ml/graph";
import { beforeAll, describe, expect, test } from "vitest";
import { onnxRuntimeEngine } from "./engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await onnxRuntimeEngine();
});

const random = seededRandom(11);
const whole = (dims: readonly number[], low = -9, high = 9): Tensor =>
  int64(
    dims,
    Array.from({ length: sizeOf(dims) }, () => low + random.integer(high - low + 1)),
  );
const bools = (dims: readonly number[]): Tensor =>
  tensor(
    "bool",
    dims,
    Uint8Array.from({ length: sizeOf(dims) }, () => random.integer(2)),
  );
const real = (dims: readonly number[]): Tensor =>
  float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => random.integer(64) / 8 - 4),
  );
const nonZero = (dims: readonly number[]): Tensor => {
  const { data } = whole(dims, 1, 5);
  return tensor(
    "int64",
    dims,
    (data as BigInt64Array).map((v) => (random.integer(2) ? v : -v)),
  );
};

interface Case {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs?: number;
  readonly opset?: number;
  readonly attributes?: Parameters<OpenGraph["op"]>[2];
}

const cases: Case[] = [
  ...["Add", "Sub", "Mul", "Min", "Max", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"].flatMap(
    (name) => [
      { name, inputs: [whole([3, 4]), whole([4])] },
      { name, inputs: [whole([]), whole([2, 1])] },
      { name, inputs: [real([3, 4]), real([3, 1])] },
    ],
  ),
  { name: "Add", inputs: [whole([3], 2 ** 40, 2 ** 50), whole([3], 2 ** 40, 2 ** 50)] },
  { name: "Add", inputs: [tensor("int32", [2], Int32Array.of(2147483647, 5)), tensor("int32", [1], Int32Array.of(9))] },
  { name: "Max", inputs: [whole([3, 4]), whole([4]), whole([3, 1])] },
  ...[0, 1].map((fmod) => ({ name: "Mod", inputs: [whole([40]), nonZero([40])], attributes: { fmod } })),
  { name: "Mod", inputs: [real([40]), float32([], [1.5])], attributes: { fmod: 1 } },
  { name: "Div", inputs: [whole([40]), nonZero([40])] },
  { name: "Div", inputs: [real([40]), float32([1], [3])] },
  ...["Floor", "Ceil", "Round", "Abs", "Neg"].map((name) => ({ name, inputs: [real([40])] })),
  ...["Abs", "Neg"].map((name) => ({ name, inputs: [whole([40])] })),
  { name: "Sqrt", inputs: [float32([3], [2, 3, 0.1])] },
  ...["And", "Or", "Xor"].map((name) => ({ name, inputs: [bools([3, 4]), bools([4])] })),
  { name: "Equal", inputs: [bools([3, 4]), bools([4])] },
  { name: "Not", inputs: [bools([3, 4])] },
  { name: "Where", inputs: [bools([3, 1]), whole([4]), whole([3, 4])] },
  { name: "Where", inputs: [bools([2]), real([]), real([2])] },
  ...[1, 6, 7, 9].flatMap((to) => [
    { name: "Cast", inputs: [whole([9])], attributes: { to } },
    { name: "Cast", inputs: [real([9])], attributes: { to } },
    { name: "Cast", inputs: [bools([9])], attributes: { to } },
  ]),
  { name: "Cast", inputs: [whole([3], 2 ** 33, 2 ** 40)], attributes: { to: 6 } },
  { name: "Range", inputs: [int64([], [-3]), int64([], [11]), int64([], [4])] },
  { name: "Range", inputs: [int64([], [8]), int64([], [-1]), int64([], [-3])] },
  { name: "Range", inputs: [int64([], [3]), int64([], [3]), int64([], [1])] },
  { name: "Range", inputs: [int64([], [5]), int64([], [3]), int64([], [1])] },
  { name: "ConstantOfShape", inputs: [int64([2], [2, 3])], attributes: { value: int64([1], [-7]) } },
  { name: "ConstantOfShape", inputs: [int64([0], [])] },
  { name: "Expand", inputs: [whole([3, 1]), int64([3], [2, 1, 4])] },
  { name: "Tile", inputs: [whole([2, 3]), int64([2], [2, 3])] },
  ...[0, 1, -1].map((axis) => ({ name: "Concat", inputs: [whole([2, 3]), whole([2, 3])], attributes: { axis } })),
  { name: "Concat", inputs: [whole([2, 1, 2]), whole([2, 3, 2])], attributes: { axis: 1 } },
  { name: "Slice", inputs: [whole([9]), int64([1], [7]), int64([1], [-20]), int64([1], [0]), int64([1], [-2])] },
  { name: "Slice", inputs: [whole([3, 5]), int64([2], [1, -2]), int64([2], [9, 9]), int64([2], [0, 1])] },
  { name: "Slice", inputs: [whole([4]), int64([1], [3]), int64([1], [1])] },
  { name: "Gather", inputs: [whole([5]), int64([], [-2])] },
  { name: "Gather", inputs: [whole([3, 4]), int64([2, 2], [0, -1, 2, 2])], attributes: { axis: 1 } },
  { name: "Squeeze", inputs: [whole([1, 3, 1]), int64([1], [-1])] },
  { name: "Unsqueeze", inputs: [whole([3]), int64([2], [0, -1])] },
  { name: "Reshape", inputs: [whole([3, 4]), int64([3], [2, -1, 3])] },
  { name: "Transpose", inputs: [whole([2, 3, 4])], attributes: { perm: [2, 0, 1] } },
  { name: "Transpose", inputs: [whole([2, 3])] },
  ...["ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin"].flatMap((name) => [
    { name, inputs: [whole([2, 3, 2])], attributes: { keepdims: 0 } },
    { name, inputs: [whole([2, 3, 2]), int64([2], [0, -1])], opset: 18 },
    { name, inputs: [whole([2, 3]), int64([1], [1])], opset: 18, attributes: { keepdims: 0 } },
  ]),
  { name: "Split", inputs: [whole([2, 6]), int64([3], [1, 3, 2])], outputs: 3, attributes: { axis: 1 } },
  { name: "Split", inputs: [whole([6, 2])], outputs: 2 },
  { name: "NonZero", inputs: [whole([3, 4], -1, 1)] },
  { name: "ScatterND", inputs: [whole([4, 2]), int64([2, 1], [3, -4]), whole([2, 2])] },
  { name: "ScatterND", inputs: [whole([5]), int64([2, 1], [1, 1]), whole([2])], attributes: { reduction: "add" } },
  { name: "ScatterElements", inputs: [whole([2, 4]), int64([2, 1], [3, -4]), whole([2, 1])], attributes: { axis: 1 } },
  { name: "GatherElements", inputs: [whole([2, 4]), int64([2, 2], [3, -4, 0, 1])], attributes: { axis: 1 } },
  { name: "GatherND", inputs: [whole([2, 4]), int64([2, 2], [1, -4, 0, 1])] },
  { name: "CumSum", inputs: [whole([3, 4]), int64([], [0])], attributes: { exclusive: 1 } },
  { name: "Trilu", inputs: [whole([3, 4]), int64([], [-1])] },
  { name: "OneHot", inputs: [whole([5], -4, 4), int64([], [3]), int64([2], [5, 6])] },
  { name: "EyeLike", inputs: [whole([3, 4])], attributes: { k: 1 } },
  ...["ArgMax", "ArgMin"].map((name) => ({ name, inputs: [real([4, 6])], attributes: { axis: 1 } })),
  { name: "TopK", inputs: [whole([3, 7]), int64([1], [3])], outputs: 2 },
  { name: "Size", inputs: [whole([3, 7])] },
];

describe("what is evaluated ahead of running is what ONNX Runtime computes", () => {
  test.each(cases.map((one, i) => ({ ...one, i })))(
    "$i: $name",
    async ({ name, inputs, outputs = 1, opset, attributes = {} }) => {
      const g = graphBuilder(emptyGraph(opset));
      const operands = inputs.map((input) => g.constant(input));
      const values: Value[] = outputs === 1 ? [g.op(name, operands, attributes)] : [];
      if (outputs > 1) {
        const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
        const axis = Object.entries(attributes).map(([key, value]) => [key, { type: "int", value }]);
        g.append({
          name: "node",
          op: name,
          domain: "",
          inputs: operands.map((operand) => operand.name),
          outputs: names,
          attributes: Object.fromEntries(axis),
        });
        values.push(...names.map((output) => g.value(output)));
      }
      const program = await engine.prepare(g.finish(values));
      const found = await program.run({});
      await program.release();
      for (const value of values) {
        const { dtype, dims, data } = found[value.name]!;
        expect(g.constantOf(value.name)).toEqual({ dtype, dims, data });
      }
    },
  );
});
