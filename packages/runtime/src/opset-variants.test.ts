import {
  type AttributeLiteral,
  type Engine,
  float32,
  fromBytes,
  type Graph,
  int64,
  type Tensor,
  type Tensors,
  tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { emptyGraph, foldShapes, graphBuilder, inferShapes, readModel, widenHalf, writeModel } from "@graft-ml/graph";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";

// Forms of operators that changed between operator sets; the judge is ONNX Runtime, which reads the file as it is.

interface Variant {
  readonly name: string;
  readonly opset: number;
  build(g: ReturnType<typeof graphBuilder>, x: Value): Value;
  readonly input?: Tensor;
}

const X = float32(
  [2, 3, 4],
  Array.from({ length: 24 }, (_, i) => Math.sin(i * 1.7) * 3),
);
const one = (
  op: string,
  opset: number,
  attributes: Readonly<Record<string, AttributeLiteral>> = {},
  more: readonly Tensor[] = [],
): Variant => ({
  name: `${op} of opset ${opset} ${JSON.stringify(attributes)}${more.map(({ dims }) => ` [${dims}]`).join("")}`,
  opset,
  build: (g, x) => g.op(op, [x, ...more.map((t) => g.constant(t))], attributes),
});
const ints = (...values: number[]): Tensor => int64([values.length], values);
const wide = (op: string, opset: number, attributes: Readonly<Record<string, AttributeLiteral>>): Variant => ({
  ...one(op, opset, attributes),
  input: float32([2, 1, 3, 1], [1, 2, 3, 4, 5, 6]),
});

const variants: readonly Variant[] = [
  one("Slice", 9, { starts: [0, 1], ends: [9, -1], axes: [1, -1] }),
  one("Slice", 9, { starts: [1], ends: [2] }),
  one("Slice", 10, {}, [ints(3), ints(-(2 ** 31)), ints(2), ints(-2)]),
  one("Slice", 13, {}, [ints(-3, 0), ints(2 ** 31, 1), ints(-1, 0)]),
  wide("Squeeze", 11, { axes: [1, -1] }),
  wide("Squeeze", 12, {}),
  { ...one("Squeeze", 13, {}, [ints(1, -1)]), input: float32([2, 1, 3, 1], [1, 2, 3, 4, 5, 6]) },
  one("Unsqueeze", 11, { axes: [0, -1] }),
  one("Unsqueeze", 13, {}, [ints(0, -1)]),
  one("ReduceSum", 11, { axes: [1, -1], keepdims: 0 }),
  one("ReduceSum", 13, { keepdims: 1 }, [ints(-2)]),
  one("ReduceMean", 17, { axes: [0], keepdims: 0 }),
  one("ReduceMean", 18, { keepdims: 0 }, [ints(0)]),
  one("ReduceMax", 18, { noop_with_empty_axes: 1 }, [ints()]),
  one("Clip", 6, { min: { float: -1 }, max: { float: 0.5 } }),
  one("Clip", 11, {}, [float32([], [-1])]),
  one("Softmax", 11, { axis: 1 }),
  one("Softmax", 12, {}),
  one("Softmax", 13, { axis: 1 }),
  one("LogSoftmax", 11, { axis: 0 }),
  one("LogSoftmax", 13, {}),
  one("Dropout", 7, { ratio: { float: 0.3 } }),
  one("Dropout", 12, {}, [float32([], [0.3])]),
  one("Flatten", 11, { axis: -1 }),
  one("Shape", 15, { start: 1, end: -1 }),
  one("Gather", 11, { axis: -1 }, [ints(-1, 0)]),
  one("Cast", 9, { to: 7 }),
  one("Cast", 13, { to: 9 }),
  one("Pad", 11, {}, [ints(0, 1, 0, 0, 0, 2), float32([], [7])]),
  one("Pad", 10, { pads: [0, 1, 0, 0, 0, 2], mode: "reflect" }),
  one("Reshape", 14, { allowzero: 1 }, [ints(4, 6)]),
  one(
    "BatchNormalization",
    9,
    {},
    [1, 0.5, 0, 2].map((v) => float32([3], [v, v, v + 1])),
  ),
  one(
    "BatchNormalization",
    14,
    {},
    [1, 0.5, 0, 2].map((v) => float32([3], [v, v, v + 1])),
  ),
  one("Hardmax", 12, { axis: 1 }),
  one("ArgMax", 11, { axis: -1, keepdims: 0 }),
  one("CumSum", 11, { reverse: 1 }, [int64([], [1])]),
  ...["ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceL1"].map((op) => ({
    ...one(op, 18, { keepdims: 0 }, [ints(1)]),
    name: `${op} of no elements`,
    input: float32([2, 0, 4], []),
  })),
  ...["ReduceMax", "ReduceMin"].map((op) => ({
    ...one(op, 20, { keepdims: 0 }, [ints(1)]),
    name: `${op} of truths`,
    input: tensor("bool", [2, 3], Uint8Array.of(0, 1, 0, 1, 1, 1)),
  })),
  {
    name: "Split of opset 11, sizes as an attribute",
    opset: 11,
    build: (g, x) => parts(g, x, [], { axis: 2, split: [1, 3] }),
  },
  {
    name: "Split of opset 13, sizes as an input",
    opset: 13,
    build: (g, x) => parts(g, x, [g.ints([1, 3])], { axis: 2 }),
  },
  {
    name: "Split of opset 18, a number of parts",
    opset: 18,
    build: (g, x) => parts(g, x, [], { axis: 1, num_outputs: 2 }),
  },
  { name: "Constant as floats", opset: 13, build: (g, x) => g.op("Mul", [x, floats(g)]) },
  {
    name: "bfloat16 weights behind a Cast",
    opset: 13,
    build: (g, x) => g.op("Mul", [x, g.op("Cast", [g.constant(bfloats(1.5, -2, 0.0078125, 3e30))], { to: 1 })]),
  },
];

function bfloats(...values: number[]): Tensor {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return { dtype: "bfloat16", dims: [values.length], data: Uint16Array.from(bits, (word) => word >>> 16) };
}

function parts(
  g: ReturnType<typeof graphBuilder>,
  x: Value,
  more: readonly Value[],
  literals: Readonly<Record<string, number | readonly number[]>>,
): Value {
  const attributes = Object.fromEntries(
    Object.entries(literals).map(([name, value]) => [
      name,
      typeof value === "number" ? ({ type: "int", value } as const) : ({ type: "ints", value } as const),
    ]),
  );
  const inputs = [x, ...more].map(({ name }) => name);
  g.append({ name: "split", op: "Split", domain: "", inputs, outputs: ["first", "second"], attributes });
  return g.op("Sub", [g.op("ReduceSum", [g.value("first")], { keepdims: 0 }), g.value("second")]);
}

function floats(g: ReturnType<typeof graphBuilder>): Value {
  const attributes = { value_floats: { type: "floats", value: [1, 2, 3, 4] } } as const;
  g.append({ name: "c", op: "Constant", domain: "", inputs: [], outputs: ["c"], attributes });
  return g.value("c");
}

function graphOf({ opset, build, input = X }: Variant): Graph {
  const g = graphBuilder({ ...emptyGraph(opset), name: "variant" });
  return g.finish([build(g, g.input("x", input.dtype, input.dims))]);
}

async function judged(graph: Graph, { input = X }: Variant): Promise<Tensors> {
  const session = await InferenceSession.create(writeModel(graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const results = await session.run({
    x: new OrtTensor(input.dtype as "float32", input.data as Float32Array, input.dims),
  });
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, tensor(t.type as "float32", t.dims, t.data as Float32Array)]),
  );
}

const probes = await probeEngines();
describe.each(engineNames)("forms of operators on %s", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it.each(variants)("$name", async (variant) => {
    const graph = graphOf(variant);
    const expected = await judged(graph, variant);
    const [output] = graph.outputs;
    expect(inferShapes(graph).values.get(output!.name)!.dims).toEqual(expected[output!.name]!.dims);
    for (const form of [readModel(writeModel(graph)), foldShapes(widenHalf(graph))]) {
      const program = await engine.prepare(form);
      const found = await program.run({ x: variant.input ?? X });
      await program.release();
      const [a, b] = [found, expected].map((values) => Array.from(toNumbers(values[output!.name]!)));
      expect(found[output!.name]!.dtype).toBe(expected[output!.name]!.dtype);
      expect(a!.length).toBe(b!.length);
      for (const [i, value] of b!.entries())
        expect(Math.abs(a![i]! - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
    }
  });
});

describe("casts to few bits", () => {
  const values = Float32Array.of(
    0,
    -0,
    1,
    1.00390625,
    1.01171875,
    -3.3e38,
    3.4e38,
    1e-40,
    Number.NaN,
    Infinity,
    65504,
    65520,
    6e-8,
  );
  it.each([
    ["bfloat16", 16],
    ["float16", 10],
  ] as const)("to %s and back are evaluated as ONNX Runtime computes them", async (_, code) => {
    const g = graphBuilder();
    const x = g.constant(float32([values.length], values));
    const there = g.op("Cast", [x], { to: code });
    const back = g.op("Cast", [there], { to: 1 });
    const exact = g.constantOf(back.name)!;
    const h = graphBuilder();
    const y = h.input("x", "float32", [values.length]);
    const graph = h.finish([h.op("Cast", [h.op("Cast", [y], { to: code })], { to: 1 })]);
    const input = float32([values.length], values);
    const [found] = Object.values(await judged(graph, { name: "", opset: 17, build: () => y, input }));
    expect(Array.from(toNumbers(exact))).toEqual(Array.from(toNumbers(found!)));
    expect(fromBytes("uint16", new Uint8Array(g.constantOf(there.name)!.data.buffer))).toHaveLength(values.length);
  });
});
