import { type AttributeLiteral, type DType, float32, int64, type Tensor, tensor, type Value } from "@graft-ml/core";
import { EQUATIONS } from "../einsum.cases.ts";
import type { OperatorCase } from "./operators.cases.ts";

type Attributes = Readonly<Record<string, AttributeLiteral>>;

const f = (...dims: number[]) => ({ dtype: "float32" as const, dims });
const positive = (...dims: number[]) => ({ ...f(...dims), positive: true });
const i64 = (...dims: number[]) => ({ dtype: "int64" as const, dims });
const bool = (...dims: number[]) => ({ dtype: "bool" as const, dims });
const bools = (dims: number[], ...values: number[]) => tensor("bool", dims, Uint8Array.from(values));

/** A node of inputs followed by constants. */
const one = (
  op: string,
  inputs: readonly { readonly dtype: DType; readonly dims: readonly number[]; readonly positive?: boolean }[],
  constants: readonly (Tensor | undefined)[] = [],
  attributes: Attributes = {},
  opset = 17,
): OperatorCase => ({
  name: `${op} ${inputs.map(({ dtype, dims }) => `${dtype}[${dims}]`).join(" ")} ${constants
    .map((c) => (c === undefined ? "none" : `[${c.dims}: ${Array.from(c.data as Float32Array).join()}]`))
    .join(" ")} ${JSON.stringify(attributes)}`,
  inputs,
  opset,
  build: (g, ...x) =>
    g.op(op, [...x, ...constants.map((c) => (c === undefined ? undefined : g.constant(c)))], attributes),
});

const X = f(2, 3, 4, 5);
const alpha = (value: number) => ({ alpha: { float: value } });

const activations: readonly OperatorCase[] = [
  ...["LeakyRelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "ThresholdedRelu"].map(
    (op) => one(op, [X]),
  ),
  ...["LeakyRelu", "Elu", "Celu", "ThresholdedRelu"].map((op) => one(op, [X], [], alpha(0.4))),
  one("Selu", [X], [], { ...alpha(1.5), gamma: { float: 1.2 } }),
  one("HardSigmoid", [X], [], { ...alpha(1 / 6), beta: { float: 0.5 } }),
  one("PRelu", [X, f(3, 1, 1)]),
  one("PRelu", [X, f(1)]),
  one("Gelu", [X], [], {}, 20),
  one("Gelu", [X], [], { approximate: "tanh" }, 20),
  one("Mish", [X], [], {}, 18),
];

const elementwise: readonly OperatorCase[] = [
  one("Round", [X]),
  {
    name: "Round of halves goes to the even one",
    inputs: [i64(9)],
    build: (g, x) => g.op("Round", [g.op("Mul", [g.op("Cast", [x], { to: 1 }), g.scalar(0.5)])]),
  },
  one("Mod", [X, positive(4, 5)], [], { fmod: 1 }),
  one("Mod", [i64(2, 9)], [int64([], [3])]),
  one("Mod", [i64(2, 9)], [int64([], [-3])]),
  one("Mod", [i64(2, 9)], [int64([], [-3])], { fmod: 1 }),
  one("Xor", [bool(2, 3), bool(3)]),
  {
    name: "IsNaN and IsInf",
    inputs: [i64(3, 4)],
    build(g, x) {
      // Whole numbers over 0 are infinite on either side, or no number.
      const y = g.op("Div", [g.op("Cast", [x], { to: 1 }), g.scalar(0)]);
      const side = (above: number, below: number): Value =>
        g.op("IsInf", [y], { detect_positive: above, detect_negative: below });
      return [g.op("IsNaN", [y]), g.op("IsInf", [y]), side(1, 0), side(0, 1), side(0, 0)];
    },
  },
  ...["Sum", "Mean"].flatMap((op) => [one(op, [X, f(3, 1, 1), f()]), one(op, [X])]),
  ...[0, 1, -1, 2].flatMap((axis) =>
    [0, 1].map((reverse) => one("CumSum", [X], [int64([], [axis])], { reverse, exclusive: axis === 1 ? 1 : 0 })),
  ),
  one("CumSum", [i64(3, 4)], [int64([], [0])]),
];

const AXES = [[0, 2], [1], [-1], [0, 1, 2, 3]];
const reductions: readonly OperatorCase[] = [
  ...["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd", "ReduceLogSum"].flatMap((op) => [
    ...AXES.flatMap((axes) => [0, 1].map((keepdims) => one(op, [positive(2, 3, 4, 5)], [], { axes, keepdims }))),
    one(op, [positive(2, 3)]),
    one(op, [positive(2, 3, 4)], [int64([2], [0, -1])], { keepdims: 0 }, 18),
  ]),
  ...["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"].map((op) => one(op, [X], [], { axes: [1, 2] })),
  ...["ReduceMax", "ReduceMin", "ReduceMean"].map((op) => one(op, [X], [int64([2], [1, -1])], {}, 18)),
  ...["ArgMax", "ArgMin"].flatMap((op) => [
    one(op, [X], [], { axis: 1 }),
    one(op, [X], [], { axis: -1, keepdims: 0 }),
    one(op, [f(4, 9)], [], { select_last_index: 1 }),
  ]),
  ...[0, 1].flatMap((largest) =>
    [0, 1, -1].map(
      (axis): OperatorCase => ({
        name: `TopK along ${axis}, largest ${largest}`,
        inputs: [f(4, 5, 6)],
        build: (g, x) => g.many("TopK", [x, g.ints([3])], 2, { axis, largest }),
      }),
    ),
  ),
];

const indexing: readonly OperatorCase[] = [
  one("GatherElements", [f(3, 4)], [int64([2, 4], [0, -1, 2, 1, 1, 1, 0, -3])]),
  one("GatherElements", [f(2, 3, 2)], [int64([2, 2, 2], [0, 2, 1, 1, -1, 0, 2, 2])], { axis: 1 }),
  one("GatherND", [f(3, 4, 2)], [int64([2, 2], [0, -1, 2, 3])]),
  one("GatherND", [f(3, 4, 2)], [int64([2, 2, 1], [0, 1, 2, 2])]),
  one("GatherND", [f(2, 4, 3)], [int64([2, 2, 1], [0, -1, 2, 2])], { batch_dims: 1 }),
  ...["none", "add", "mul"].map((reduction) =>
    one("ScatterElements", [f(3, 4)], [int64([2, 2], [0, 1, -1, 2]), float32([2, 2], [5, 6, 7, 8])], {
      axis: 1,
      reduction,
    }),
  ),
  one("ScatterElements", [f(3, 4)], [int64([1, 3], [1, 1, 1]), float32([1, 3], [5, 6, 7])], {
    axis: 1,
    reduction: "add",
  }),
  ...["max", "min"].map((reduction) =>
    one(
      "ScatterElements",
      [f(3, 4)],
      [int64([1, 3], [1, 1, 2]), float32([1, 3], [0.5, -0.6, 0.1])],
      { axis: 1, reduction },
      18,
    ),
  ),
  one("ScatterND", [f(4, 3)], [int64([2, 1], [2, -4]), float32([2, 3], [1, 2, 3, 4, 5, 6])]),
  one("ScatterND", [f(4, 3)], [int64([3, 2], [2, 1, 0, 0, 2, 1]), float32([3], [1, 2, 3])], { reduction: "add" }),
  one("OneHot", [i64(2, 3)], [int64([], [4]), float32([2], [-1, 2])]),
  one("OneHot", [i64(2, 3)], [int64([1], [4]), float32([2], [0, 1])], { axis: 1 }),
  one("OneHot", [i64(5)], [int64([], [2]), int64([2], [3, 7])], { axis: 0 }),
  one("Range", [], [int64([], [7]), int64([], [-4]), int64([], [-3])]),
  one("Range", [], [float32([], [0]), float32([], [1]), float32([], [0.3])]),
  one("Trilu", [X]),
  one("Trilu", [X], [int64([], [1])], { upper: 1 }),
  one("Trilu", [f(5, 3)], [int64([], [-1])], { upper: 0 }),
  one("Trilu", [i64(4, 4)], [undefined], { upper: 0 }),
  one("Trilu", [bool(3, 4)], [], { upper: 0 }),
  one("EyeLike", [f(3, 5)], [], { k: 1 }),
  one("EyeLike", [i64(4, 4)], [], { dtype: 1, k: -2 }),
  one("Size", [X]),
  one("NonZero", [i64(3, 5)]),
  one("NonZero", [bool(2, 3, 2)]),
  one("NonZero", [], [bools([4], 0, 0, 0, 0)]),
  one("Tile", [X], [int64([4], [1, 2, 1, 3])]),
  one("Gather", [X], [int64([2, 2], [0, -1, 1, 1])], { axis: -1 }),
  ...[18].map(
    (opset): OperatorCase => ({
      name: "Split into unequal parts by number",
      inputs: [f(7, 2)],
      opset,
      build: (g, x) => g.many("Split", [x], 3, { num_outputs: 3 }),
    }),
  ),
];

const older: readonly OperatorCase[] = [
  ...["Softmax", "LogSoftmax"].flatMap((op) => [
    ...[undefined, 0, 2, -1, -2].map((axis) => one(op, [X], [], axis === undefined ? {} : { axis }, 11)),
    one(op, [f(3, 7)], [], {}, 9),
  ]),
  one("Clip", [i64(3, 4)], [int64([], [-1]), int64([], [1])]),
  one("Flatten", [X], [], { axis: -3 }),
  one("Flatten", [X], [], { axis: 0 }),
  one("Flatten", [X], [], { axis: 4 }),
  { name: "Dropout with its mask", inputs: [X], build: (g, x) => g.many("Dropout", [x], 2) },
  one("Dropout", [X], [], { ratio: { float: 0.3 } }, 10),
  one("MatMul", [f(4), f(4)]),
  one("MatMul", [f(4), f(2, 4, 5)]),
];

const einsums = EQUATIONS.map(([equation, a, b]) =>
  one("Einsum", b === undefined ? [f(...a)] : [f(...a), f(...b)], [], { equation }),
);

/** Elementwise, reducing and indexing operators that both backends must compute as ONNX Runtime does. */
export const elementwiseCases: readonly OperatorCase[] = [
  ...activations,
  ...elementwise,
  ...reductions,
  ...indexing,
  ...older,
  ...einsums,
];
