import { type AttributeLiteral, type Engine, type Graph, type Tensor, type Tensors, toNumbers } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { draw, expectCentralDifferences } from "./onnxruntime/central-differences.fixture.ts";

// ONNX Runtime has a kernel of its own for the operator: it is what the others, and the gradients, are compared with.

interface Case {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, AttributeLiteral>>;
}

const bool = (dims: readonly number[], data: readonly number[]): Tensor => ({
  dtype: "bool",
  dims,
  data: Uint8Array.from(data),
});
const cases: readonly Case[] = [
  { name: "heads apart", inputs: [draw([2, 2, 3, 4]), draw([2, 2, 5, 4]), draw([2, 2, 5, 3])], attributes: {} },
  {
    name: "causal, heads side by side, keys shared by two query heads",
    inputs: [draw([2, 4, 16]), draw([2, 4, 8]), draw([2, 4, 8])],
    attributes: { q_num_heads: 4, kv_num_heads: 2, is_causal: 1 },
  },
  {
    name: "a mask of truth values",
    inputs: [draw([1, 2, 3, 4]), draw([1, 2, 3, 4]), draw([1, 2, 3, 4]), bool([3, 3], [1, 0, 1, 1, 1, 0, 0, 1, 1])],
    attributes: {},
  },
  {
    name: "a mask that is added, and a scale",
    inputs: [draw([2, 1, 3, 4]), draw([2, 1, 3, 4]), draw([2, 1, 3, 4]), draw([2, 1, 3, 3])],
    attributes: { scale: { float: 0.25 } },
  },
];

const OPSET = 23;
const start: Graph = {
  ...graphBuilder().finish([]),
  irVersion: 10,
  opsets: { "": OPSET },
};

async function attended(engine: Engine, { inputs, attributes }: Case): Promise<Tensor> {
  const g = graphBuilder(start);
  const values = inputs.map(({ dtype, dims }, i) => g.input(`x${i}`, dtype, dims));
  const graph = g.finish([g.name(g.op("Attention", values, attributes), "y")]);
  const program = await engine.prepare(graph);
  try {
    const fed: Tensors = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
    return (await program.run(fed)).y!;
  } finally {
    await program.release();
  }
}

const probes = await probeEngines();

describe.each(engineNames)("Attention on %s", (engineName) => {
  const probe = probes.find((report) => report.name === engineName)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  let reference: Engine;
  beforeAll(async () => {
    engine = await openEngine(engineName);
    reference = await openEngine("onnxruntime");
  });

  if (engineName === "onnxruntime") {
    it.each(cases)("$name: gradients", async ({ name, inputs, attributes }) => {
      const [floats, masks] = [inputs.filter((x) => x.dtype !== "bool"), inputs.filter((x) => x.dtype === "bool")];
      await expectCentralDifferences(engine, {
        name,
        inputs: floats,
        opset: OPSET,
        build: (g, ...values) => g.op("Attention", [...values, ...masks.map((mask) => g.constant(mask))], attributes),
      });
    });
    return;
  }
  it.each(cases)("$name: outputs", async (one) => {
    const expected = await attended(reference, one);
    const found = await attended(engine, one);
    expect(found.dims).toEqual(expected.dims);
    const numbers = toNumbers(found);
    const off = Array.from(toNumbers(expected), (value, i) => Math.abs(value - numbers[i]!));
    expect(Math.max(...off)).toBeLessThan(1e-5);
  });
});

it("refuses what is not supported by the node's name", () => {
  const g = graphBuilder(start);
  const x = g.input("x", "float32", [1, 2, 3, 4]);
  expect(() => g.op("Attention", [x, x, x], { softcap: { float: 2 } })).toThrow(
    /node "Attention" \(Attention\): attribute softcap/,
  );
  expect(() => g.op("Attention", [x, x, x, undefined, x, x])).toThrow(/a past state/);
});
