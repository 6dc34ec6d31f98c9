import { type AttributeLiteral, type DType, float32, int64, tensor, type Value } from "@graft-ml/core";
import type { LooseBuilder } from "./loose-builder.fixture.ts";

/** One graph to run on every backend: its inputs, and the nodes on them. */
export interface OperatorCase {
  readonly name: string;
  readonly inputs: readonly { readonly dtype: DType; readonly dims: readonly number[]; readonly positive?: boolean }[];
  readonly tolerance?: number;
  /** Operator set of the graph. Default: 17. */
  readonly opset?: number;
  build(g: LooseBuilder, ...inputs: Value[]): Value | Value[];
}

type Attributes = Readonly<Record<string, AttributeLiteral>>;

const f = (...dims: number[]) => ({ dtype: "float32" as const, dims });
const positive = (...dims: number[]) => ({ ...f(...dims), positive: true });
const i64 = (...dims: number[]) => ({ dtype: "int64" as const, dims });
const bool = (...dims: number[]) => ({ dtype: "bool" as const, dims });
const plain = (op: string, inputs: OperatorCase["inputs"], attributes: Attributes = {}): OperatorCase => ({
  name: `${op} ${inputs.map(({ dims }) => `[${dims}]`).join(" ")} ${Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : ""}`,
  inputs,
  build: (g, ...x) => g.op(op, x, attributes),
});
const withInts = (
  op: string,
  input: OperatorCase["inputs"][number],
  lists: readonly (readonly number[] | undefined)[],
  attributes: Attributes = {},
): OperatorCase => ({
  name: `${op} [${input.dims}] ${JSON.stringify(lists)} ${JSON.stringify(attributes)}`,
  inputs: [input],
  build: (g, x) => g.op(op, [x, ...lists.map((list) => (list === undefined ? undefined : g.ints(list)))], attributes),
});

const X = f(2, 3, 4, 5);

const elementwise: readonly OperatorCase[] = [
  ...["Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Neg", "Abs", "Sign", "Floor", "Ceil", "Identity", "Sin", "Cos"].map(
    (op) => plain(op, [X]),
  ),
  ...["Log", "Sqrt", "Reciprocal"].map((op) => plain(op, [positive(2, 3, 4, 5)])),
  ...["Add", "Sub", "Mul", "Div", "Min", "Max"].flatMap((op) => [
    plain(op, [X, f(2, 3, 4, 5)]),
    plain(op, [X, f(1, 3, 1, 1)]),
    plain(op, [X, f(3, 1, 1)]),
    plain(op, [X, f(5)]),
    plain(op, [f(), X]),
    plain(op, [f(2, 3, 1, 1), f(1, 1, 4, 5)]),
    plain(op, [f(4, 1), X]),
  ]),
  ...["Add", "Sub", "Mul"].map((op) => plain(op, [i64(2, 3), i64(3)])),
  {
    name: "Div of integers cuts off",
    inputs: [i64(2, 5)],
    build: (g, x) => g.op("Div", [x, g.constant(int64([], [2]))]),
  },
  plain("Pow", [positive(2, 3, 4, 5), f(3, 1, 1)]),
  { name: "Pow with an integer exponent", inputs: [X], build: (g, x) => g.op("Pow", [x, g.constant(int64([], [2]))]) },
  plain("Max", [X, f(2, 3, 4, 5), f(5)]),
  plain("Min", [X]),
  ...["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"].flatMap((op) => [
    plain(op, [X, f(2, 3, 4, 5)]),
    plain(op, [X, f(3, 1, 1)]),
    plain(op, [i64(4, 3), i64(3)]),
  ]),
  ...["And", "Or"].map((op) => plain(op, [bool(2, 3), bool(3)])),
  plain("Not", [bool(2, 3)]),
  plain("Where", [bool(2, 3, 4, 5), X, f(2, 3, 4, 5)]),
  plain("Where", [bool(3, 1, 1), X, f()]),
  plain("Where", [bool(2, 1), f(3), f(2, 3)]),
  {
    name: "Clip to [0, 6]",
    inputs: [X],
    build: (g, x) => g.op("Clip", [g.op("Mul", [x, g.scalar(5)]), g.scalar(0), g.scalar(6)]),
  },
  { name: "Clip to [-1, ∞)", inputs: [X], build: (g, x) => g.op("Clip", [x, g.scalar(-1)]) },
  { name: "Clip to (-∞, 0.5]", inputs: [X], build: (g, x) => g.op("Clip", [x, undefined, g.scalar(0.5)]) },
  {
    name: "Clip to a bound that is an input",
    inputs: [X, f()],
    build: (g, x, low) => g.op("Clip", [x, low, g.scalar(3)]),
  },
  ...["Softmax", "LogSoftmax"].flatMap((op) => [0, 1, -1].map((axis) => plain(op, [X], { axis }))),
  plain("Softmax", [f(3, 7)]),
  { name: "Dropout passes through", inputs: [X], build: (g, x) => g.op("Dropout", [x]) },
];

const casts: readonly OperatorCase[] = [
  { name: "Cast float32 to int64", inputs: [X], build: (g, x) => g.op("Cast", [x], { to: 7 }) },
  {
    name: "Cast float32 to bool",
    inputs: [X],
    build: (g, x) => g.op("Cast", [g.op("Mul", [x, g.scalar(0.3)])], { to: 9 }),
  },
  { name: "Cast int64 to float32", inputs: [i64(3, 4)], build: (g, x) => g.op("Cast", [x], { to: 1 }) },
  { name: "Cast bool to float32", inputs: [bool(3, 4)], build: (g, x) => g.op("Cast", [x], { to: 1 }) },
  { name: "Cast bool to int64", inputs: [bool(3, 4)], build: (g, x) => g.op("Cast", [x], { to: 7 }) },
  {
    name: "a picture of bytes is turned around and widened",
    inputs: [{ dtype: "uint8", dims: [2, 4, 5, 3] }],
    build: (g, x) => g.op("Cast", [g.op("Transpose", [x], { perm: [0, 3, 1, 2] })], { to: 1 }),
  },
  {
    name: "Cast uint8 to float32",
    inputs: [{ dtype: "uint8", dims: [3, 4] }],
    build: (g, x) => g.op("Cast", [x], { to: 1 }),
  },
  {
    name: "halves of a file are widened",
    inputs: [f(3)],
    build: (g, x) =>
      g.op("Add", [
        x,
        g.op("Cast", [g.constant(tensor("float16", [3], Uint16Array.of(0x3c00, 0xc000, 0x3555)))], { to: 1 }),
      ]),
  },
];

const shapes: readonly OperatorCase[] = [
  plain("Flatten", [X], { axis: 2 }),
  plain("Flatten", [f(2, 3, 1, 1)]),
  withInts("Reshape", X, [[0, -1, 5]]),
  withInts("Reshape", X, [[6, 20]]),
  plain("Transpose", [X], { perm: [0, 2, 3, 1] }),
  plain("Transpose", [X], { perm: [3, 0, 2, 1] }),
  plain("Transpose", [f(3, 4)]),
  {
    name: "Transpose of a Transpose",
    inputs: [X],
    build: (g, x) => g.op("Transpose", [g.op("Transpose", [x], { perm: [1, 2, 3, 0] })], { perm: [2, 0, 3, 1] }),
  },
  {
    name: "Transpose then Add",
    inputs: [X, f(2, 4, 5, 3)],
    build: (g, x, y) => g.op("Add", [g.op("Transpose", [x], { perm: [0, 2, 3, 1] }), y]),
  },
  withInts("Squeeze", f(1, 3, 1, 5), [[0, -2]]),
  plain("Squeeze", [f(1, 3, 1, 5)]),
  withInts("Unsqueeze", f(3, 5), [[0, -1]]),
  plain("Concat", [X, f(2, 2, 4, 5)], { axis: 1 }),
  plain("Concat", [X, f(2, 3, 4, 1)], { axis: -1 }),
  withInts("Slice", X, [
    [1, 0],
    [3, 2],
    [1, 3],
  ]),
  withInts("Slice", X, [
    [-1, 4],
    [-100, 0],
    [2, 3],
    [-1, -2],
  ]),
  withInts("Slice", X, [[0], [9223372036854775000], [3], [2]]),
  {
    name: "Slice of whole numbers in steps",
    inputs: [i64(9)],
    build: (g, x) => g.op("Slice", [x, g.ints([1]), g.ints([8]), g.ints([0]), g.ints([3])]),
  },
  withInts("Pad", X, [[0, 1, 2, 0, 0, 0, 1, 3]]),
  {
    name: "Pad with a value",
    inputs: [X],
    build: (g, x) => g.op("Pad", [x, g.ints([0, 0, 1, 1, 0, 0, 1, 1]), g.scalar(1.5)]),
  },
  withInts("Pad", X, [[0, 0, -1, 0, 0, 0, 1, -2]]),
  withInts("Expand", f(3, 1), [[2, 3, 4]]),
  withInts("Expand", f(2, 3, 1, 1), [[2, 3, 4, 5]]),
  withInts("Tile", f(2, 3), [[2, 3]]),
  {
    name: "Gather rows",
    inputs: [f(5, 3)],
    build: (g, x) => g.op("Gather", [x, g.constant(int64([2, 2], [0, -1, 4, 2]))]),
  },
  {
    name: "Gather along axis 1 by an input",
    inputs: [X, i64(3)],
    build: (g, x, picks) => g.op("Gather", [x, picks], { axis: 1 }),
  },
  { name: "Gather one", inputs: [X], build: (g, x) => g.op("Gather", [x, g.constant(int64([], [1]))], { axis: 2 }) },
  { name: "Shape", inputs: [X], build: (g, x) => g.op("Shape", [x]) },
  {
    name: "a shape computed from a shape",
    inputs: [X],
    build: (g, x) => {
      const batch = g.op("Unsqueeze", [g.op("Gather", [g.op("Shape", [x]), g.constant(int64([], [0]))]), g.ints([0])]);
      return g.op("Reshape", [x, g.op("Concat", [batch, g.ints([-1])], { axis: 0 })]);
    },
  },
  {
    name: "ConstantOfShape",
    inputs: [f(2)],
    build: (g, x) => g.op("Add", [x, g.op("ConstantOfShape", [g.ints([3, 2])], { value: float32([1], [2.5]) })]),
  },
  {
    name: "Constant",
    inputs: [f(2)],
    build: (g, x) => g.op("Mul", [x, g.op("Constant", [], { value: float32([2], [2, 3]) })]),
  },
];

const reductions: readonly OperatorCase[] = [
  ...[[0, 2, 3], [2, 3], [1], [-1], [0, 1, 2, 3], [1, 2]].flatMap((axes) =>
    [0, 1].flatMap((keepdims) => [
      withInts("ReduceSum", X, [axes], { keepdims }),
      ...["ReduceMean", "ReduceMax", "ReduceMin"].map((op) => plain(op, [X], { axes, keepdims })),
    ]),
  ),
  plain("ReduceSum", [X]),
  plain("ReduceMean", [f(3, 4)]),
  plain("ReduceSum", [X], { noop_with_empty_axes: 1 }),
  plain("GlobalAveragePool", [X]),
];

const products: readonly OperatorCase[] = [
  plain("MatMul", [f(3, 4), f(4, 5)]),
  plain("MatMul", [f(2, 3, 4), f(4, 5)]),
  plain("MatMul", [f(2, 3, 4, 6), f(2, 3, 6, 5)]),
  plain("MatMul", [f(2, 1, 4, 6), f(3, 6, 5)]),
  plain("MatMul", [f(4), f(4, 5)]),
  plain("MatMul", [f(2, 3, 4), f(4)]),
  plain("MatMul", [f(3, 4), f(2, 4, 5)]),
  {
    name: "MatMul of transposed",
    inputs: [f(2, 5, 3), f(2, 4, 5)],
    build: (g, a, b) =>
      g.op("MatMul", [g.op("Transpose", [a], { perm: [0, 2, 1] }), g.op("Transpose", [b], { perm: [0, 2, 1] })]),
  },
  {
    name: "MatMul of attention",
    inputs: [f(2, 3, 4, 6), f(2, 3, 4, 6)],
    build: (g, q, k) =>
      g.op("MatMul", [g.op("Transpose", [q], { perm: [0, 2, 1, 3] }), g.op("Transpose", [k], { perm: [0, 2, 3, 1] })]),
  },
  plain("Gemm", [f(3, 4), f(4, 5), f(5)]),
  plain("Gemm", [f(4, 3), f(5, 4), f(3, 1)], { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
  {
    name: "Gemm of transposed",
    inputs: [f(4, 3), f(5, 4)],
    build: (g, a, b) => g.op("Gemm", [g.op("Transpose", [a]), g.op("Transpose", [b])]),
  },
  plain("Gemm", [f(3, 4), f(4, 5), f()]),
];

const convs: readonly OperatorCase[] = [
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 3, 3), f(6)], { pads: [1, 1, 1, 1] }),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 3, 3)], { pads: [0, 0, 1, 1], strides: [2, 2] }),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 3, 2)], { pads: [2, 0, 1, 1], dilations: [2, 2] }),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 1, 1), f(6)]),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 1, 1)], { strides: [2, 2] }),
  plain("Conv", [f(2, 4, 9, 8), f(6, 2, 3, 3), f(6)], { group: 2, pads: [1, 1, 1, 1] }),
  plain("Conv", [f(2, 4, 9, 8), f(4, 1, 3, 3), f(4)], { group: 4, pads: [1, 1, 1, 1] }),
  plain("Conv", [f(2, 4, 9, 8), f(8, 1, 5, 5), f(8)], { group: 4, pads: [2, 1, 2, 2], strides: [2, 2] }),
  plain("Conv", [f(2, 4, 9, 8), f(4, 1, 3, 3)], { group: 4, pads: [2, 2, 2, 2], dilations: [2, 2] }),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 3, 3)], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  plain("Conv", [f(2, 3, 9, 8), f(6, 3, 4, 4)], { auto_pad: "SAME_LOWER" }),
  plain("BatchNormalization", [X, f(3), f(3), f(3), positive(3)]),
  plain("BatchNormalization", [f(4, 3), f(3), f(3), f(3), positive(3)], { epsilon: { float: 0.1 } }),
];

const pools: readonly OperatorCase[] = [
  plain("MaxPool", [f(2, 3, 9, 8)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  plain("MaxPool", [f(2, 3, 9, 8)], { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 }),
  plain("AveragePool", [f(2, 3, 9, 8)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  plain("AveragePool", [f(2, 3, 9, 8)], { kernel_shape: [3, 3], pads: [1, 0, 1, 1], count_include_pad: 1 }),
];

const splits: readonly OperatorCase[] = [
  {
    name: "Split into equal parts",
    inputs: [f(2, 6, 4, 5)],
    build: (g, x) => g.many("Split", [x], 3, { axis: 1 }),
  },
  {
    name: "Split into given parts",
    inputs: [X],
    build: (g, x) => g.many("Split", [x, g.ints([1, 4])], 2, { axis: -1 }),
  },
];

/** What both backends must compute as ONNX Runtime does. */
export const operatorCases: readonly OperatorCase[] = [
  ...elementwise,
  ...casts,
  ...shapes,
  ...reductions,
  ...products,
  ...convs,
  ...pools,
  ...splits,
];
