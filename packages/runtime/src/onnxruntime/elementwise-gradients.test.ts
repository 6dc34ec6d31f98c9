import { type Engine, float32, int64, tensor, type Value } from "@graft-ml/core";
import { differentiate, graphBuilder, type OpenGraph, reduceSum } from "@graft-ml/graph";
import { beforeAll, describe, expect, test } from "vitest";
import { EQUATIONS } from "../einsum.cases.ts";
import { draw, expectCentralDifferences, type GradientCase, gridded } from "./central-differences.fixture.ts";
import { onnxRuntimeEngine } from "./engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await onnxRuntimeEngine();
});

/** Adds a node with several outputs. */
function many(g: OpenGraph, op: string, inputs: readonly Value[], count: number, axis: number): Value[] {
  const name = g.fresh(op);
  const outputs = Array.from({ length: count }, (_, i) => `${name}:${i}`);
  g.append({
    name,
    op,
    domain: "",
    inputs: inputs.map((value) => value.name),
    outputs,
    attributes: { axis: { type: "int", value: axis } },
  });
  return outputs.map((output) => g.value(output));
}

const one = (
  op: string,
  inputs: GradientCase["inputs"],
  attributes: Parameters<OpenGraph["op"]>[2] = {},
  opset?: number,
): GradientCase => ({
  name: `${op} ${inputs.map(({ dims }) => `[${dims}]`).join(" ")} ${JSON.stringify(attributes)}`,
  inputs,
  ...(opset !== undefined && { opset }),
  build: (g, ...values) => g.op(op, values, attributes),
});

const activations: GradientCase[] = [
  ...["LeakyRelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "HardSwish"].map((op) => one(op, [gridded([4, 5])])),
  ...["LeakyRelu", "Elu", "Celu"].map((op) => one(op, [gridded([4, 5])], { alpha: { float: 0.6 } })),
  one("Selu", [gridded([4, 5])], { alpha: { float: 1.5 }, gamma: { float: 1.2 } }),
  one("HardSigmoid", [gridded([4, 5])], { alpha: { float: 0.8 } }),
  one("ThresholdedRelu", [gridded([4, 5])], { alpha: { float: 0.5 } }),
  one("HardSwish", [draw([3, 4], -3.9, -3.1)]),
  one("HardSwish", [draw([3, 4], 3.1, 5)]),
  one("PRelu", [gridded([2, 3, 4]), draw([3, 1])]),
  one("Gelu", [gridded([4, 5])], {}, 20),
  one("Gelu", [gridded([4, 5])], { approximate: "tanh" }, 20),
  one("Mish", [gridded([4, 5])], {}, 18),
];

const apart = (): GradientCase["inputs"] => [gridded([2, 3]), gridded([3], 1 / 32), gridded([2, 1], 1 / 50)];
const elementwise: GradientCase[] = [
  one("Sin", [draw([3, 4])]),
  one("Cos", [draw([3, 4])]),
  ...["Sum", "Mean", "Min", "Max"].map((op) => one(op, apart())),
  ...[0, 1].flatMap((exclusive) =>
    [0, 1].map(
      (reverse): GradientCase => ({
        name: `CumSum, exclusive ${exclusive}, reverse ${reverse}`,
        inputs: [draw([2, 3, 4])],
        build: (g, x) => g.op("CumSum", [x, g.constant(int64([], [1]))], { exclusive, reverse }),
      }),
    ),
  ),
];

/** Values so far apart that no step exchanges their order. */
const distinct = (dims: readonly number[]) =>
  float32(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 24) / 12 - 0.9),
  );
const reductions: GradientCase[] = [
  ...["ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"].flatMap(
    (op) => [
      ...[0, 1].map((keepdims) => one(op, [distinct([2, 3, 4])], { axes: [0, -1], keepdims })),
      one(op, [distinct([2, 3, 4])]),
      {
        name: `${op}, axes as an input`,
        inputs: [distinct([2, 3, 4])],
        opset: 18,
        build: (g: OpenGraph, x: Value) => g.op(op, [x, g.ints([1])], { keepdims: 0 }),
      },
    ],
  ),
  one("ReduceLogSum", [draw([2, 3], 0.5, 2)], { axes: [1] }),
  one("ReduceProd", [float32([3, 3], [0.5, 0, 2, 0, 0, 1, 1, 2, 3])], { axes: [1] }),
  {
    name: "TopK",
    inputs: [distinct([3, 8])],
    build: (g, x) => many(g, "TopK", [x, g.ints([3])], 2, 1)[0]!,
  },
];

const gathered = (dims: number[], indices: readonly number[], own: number[], axis: number): GradientCase => ({
  name: `Gather from [${dims}] along ${axis}`,
  inputs: [draw(dims)],
  build: (g, x) => g.op("Gather", [x, g.constant(int64(own, indices))], { axis }),
});
const indexing: GradientCase[] = [
  gathered([5, 3], [0, -1, 4, 0, 0, 2], [2, 3], 0),
  gathered([2, 4, 3], [3, 3, 1], [3], 1),
  gathered([2, 3], [-1, 0, 1, 1], [2, 2], -1),
  gathered([4, 3], [2], [], 0),
  { ...gathered([5, 3], [1, 1], [2], 0), name: "Gather in a graph of operator set 13", opset: 13 },
  {
    name: "Gather by indices of 32 bits",
    inputs: [draw([5, 3])],
    build: (g, x) => g.op("Gather", [x, g.constant(tensor("int32", [3], Int32Array.of(0, -1, 0)))]),
  },
  {
    name: "GatherElements, one element twice",
    inputs: [draw([3, 4])],
    build: (g, x) => g.op("GatherElements", [x, g.constant(int64([2, 3], [0, 0, 2, -1, 3, 3]))], { axis: 1 }),
  },
  {
    name: "GatherND, one row twice",
    inputs: [draw([3, 4, 2])],
    build: (g, x) => g.op("GatherND", [x, g.constant(int64([3, 2], [0, -1, 2, 3, 2, 3]))]),
  },
  ...["none", "add"].flatMap((reduction): GradientCase[] => [
    {
      name: `ScatterElements, ${reduction}`,
      inputs: [draw([3, 4]), draw([2, 2])],
      build: (g, x, updates) =>
        g.op("ScatterElements", [x, g.constant(int64([2, 2], [0, 1, -1, 2])), updates], { axis: 1, reduction }),
    },
    {
      name: `ScatterND, ${reduction}`,
      inputs: [draw([4, 3]), draw([2, 3])],
      build: (g, x, updates) => g.op("ScatterND", [x, g.constant(int64([2, 1], [2, 0])), updates], { reduction }),
    },
  ]),
  { name: "Tile", inputs: [draw([2, 1, 3])], build: (g, x) => g.op("Tile", [x, g.ints([2, 3, 1])]) },
  { name: "Trilu", inputs: [draw([2, 3, 4])], build: (g, x) => g.op("Trilu", [x, g.constant(int64([], [1]))]) },
  { name: "Trilu, lower", inputs: [draw([4, 3])], build: (g, x) => g.op("Trilu", [x], { upper: 0 }) },
  {
    name: "Split, all parts read",
    inputs: [draw([2, 6])],
    build(g, x) {
      const [a, b, c] = many(g, "Split", [x], 3, 1) as [Value, Value, Value];
      return g.op("Add", [g.op("Mul", [a, b]), g.op("Mul", [c, c])]);
    },
  },
  {
    name: "Split by sizes, the last part unread",
    inputs: [draw([6, 2])],
    build: (g, x) => many(g, "Split", [x, g.ints([1, 3, 2])], 3, 0)[1]!,
  },
];

const older: GradientCase[] = [
  ...["Softmax", "LogSoftmax"].flatMap((op) => [
    one(op, [draw([2, 3, 2])], {}, 11),
    one(op, [draw([2, 3, 2])], { axis: -1 }, 12),
    one(op, [draw([2, 3])], { axis: 0 }, 11),
  ]),
  one("Gemm", [draw([2, 3]), draw([3, 4])]),
  one("MatMul", [draw([3]), draw([3])]),
  one("MatMul", [draw([3]), draw([3, 4])]),
  one("MatMul", [draw([3]), draw([2, 3, 4])]),
  one("MatMul", [draw([2, 3]), draw([3])]),
  one("MatMul", [draw([2, 2, 3]), draw([3])]),
  one("Flatten", [draw([2, 3, 2])], { axis: -1 }),
  { ...gathered([5, 3], [1, 1, -1], [3], 0), name: "Gather in a graph of operator set 11", opset: 11 },
  { ...gathered([2, 3, 2], [2, 2], [2], 1), name: "Gather in a graph of operator set 12", opset: 12 },
];

const einsums = EQUATIONS.map(([equation, a, b]) =>
  one("Einsum", b === undefined ? [draw(a)] : [draw(a), draw(b)], { equation }),
);

describe("elementwise, reducing and indexing gradients equal central differences", () => {
  test.each([...activations, ...elementwise, ...reductions, ...indexing, ...older, ...einsums])("$name", (one) =>
    expectCentralDifferences(engine, one),
  );
});

test("an embedding's gradient is the same to the bit however often it runs", async () => {
  const g = graphBuilder();
  const table = g.input("table", "float32", [50, 33]);
  const ids = g.input("ids", "int64", [4000]);
  const rows = g.op("Gather", [table, ids]);
  const loss = g.name(reduceSum(g, g.op("Mul", [rows, g.constant(draw([4000, 33]))]), [0, 1], false), "loss");
  const { graph, gradients } = differentiate(g.finish([loss]), "loss", ["table"]);
  const program = await engine.prepare(graph);
  const feed = {
    table: draw([50, 33]),
    ids: int64(
      [4000],
      Array.from({ length: 4000 }, (_, i) => (i * i) % 7),
    ),
  };
  const name = gradients.table!;
  const first = (await program.run(feed))[name]!.data;
  for (let i = 0; i < 20; i++) expect((await program.run(feed))[name]!.data).toEqual(first);
  await program.release();
});
