import { type Engine, float32, type Graph, type Tensors, toNumbers, type Value } from "@graft-ml/core";
import {
  asInputs,
  differentiate,
  dropIdentities,
  foldBatchNorm,
  foldShapes,
  fuse,
  graphBuilder,
  inferShapes,
  mergeDuplicates,
  readModel,
  reduceSum,
  unrollRecurrent,
  writeModel,
} from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { architectures, bytesOf, errorOf, feedsOf, type Golden, goldenOf, recipe } from "./architectures.fixture.ts";
import { engineNames, openEngine, probeEngines } from "./engines.ts";

// Expected values: tools/golden/architectures/export.py, PyTorch's exporters and autograd, ONNX Runtime's outputs.

/** Gradients smaller than this share of the largest one are compared as if they were of that size. */
const FLOOR = 1e-3;

/** Folding and joining may change the order of sums, which a deep network amplifies; no more. */
const REWRITING = 5e-5;

/** All rewriting that comes before a graph runs, but for the gradient. */
function rewritten(graph: Graph, bindings: Golden["bindings"]): Graph {
  const plain = foldBatchNorm(dropIdentities(graph), new Set());
  return fuse(mergeDuplicates(foldShapes(unrollRecurrent(plain, bindings), bindings)), bindings);
}

/** Everything a file's bytes compute, without Graft in between. */
async function untouched(bytes: Uint8Array, feeds: Tensors): Promise<Tensors> {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const fed = Object.entries(feeds).map(([name, { dtype, data, dims }]) => [
      name,
      new ort.Tensor(dtype as "float32", data as Float32Array, dims),
    ]);
    const results = await session.run(Object.fromEntries(fed));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, float32(dims, data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}

/** Σ outputs · weights, as the script has it. */
function withLoss(graph: Graph, { outputs, loss, bindings }: Golden): Graph {
  const g = graphBuilder(graph, bindings);
  const parts = Object.keys(outputs).map((name, i): Value => {
    const { dims } = outputs[name]!;
    const weights = g.constant(recipe(dims, { ...loss, seed: loss.seed + i }));
    const axes = dims.map((_, axis) => axis);
    return reduceSum(g, g.op("Mul", [g.value(name), weights]), axes, false);
  });
  const total = parts.reduce((sum, part) => g.op("Add", [sum, part]));
  return g.finish([g.name(total, "loss")]);
}

async function runOnce(engine: Engine, graph: Graph, feeds: Tensors): Promise<Tensors> {
  const program = await engine.prepare(graph);
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}

const probes = await probeEngines();

describe("files of both exporters", () => {
  it.each(architectures)("%s: every shape is known once the batch is", (name) => {
    const graph = readModel(bytesOf(name));
    const golden = goldenOf(name);
    const { values } = inferShapes(graph, golden.bindings);
    for (const [output, { dims }] of Object.entries(golden.outputs)) expect(values.get(output)!.dims).toEqual(dims);
    const open = [...values.values()].filter(({ dims }) => dims.some((dim) => typeof dim === "string"));
    expect(open.map(({ name: value, dims }) => `${value}: [${dims.join(", ")}]`)).toEqual([]);
  });
});

const ours = probes.find((report) => report.name === "onnxruntime")!;
describe("ONNX Runtime computes from rewritten bytes what it computes from the exporter's", () => {
  it.skipIf(!ours.available).each(architectures)("%s", async (name) => {
    const bytes = bytesOf(name);
    const golden = goldenOf(name);
    const feeds = feedsOf(golden);
    const expected = await untouched(bytes, feeds);
    const found = await untouched(writeModel(rewritten(readModel(bytes), golden.bindings)), feeds);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [output, { dims, data }] of Object.entries(expected)) {
      expect(found[output]!.dims).toEqual(dims);
      const numbers = toNumbers(found[output]!);
      const scale = Math.max(...Array.from(data as Float32Array, Math.abs));
      const off = Array.from(data as Float32Array, (value, i) => Math.abs(value - numbers[i]!) / scale);
      expect(Math.max(...off), output).toBeLessThan(REWRITING);
    }
  });
});

describe.each(engineNames)("%s", (engineName) => {
  const probe = probes.find((report) => report.name === engineName)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(engineName);
  });

  it.each(architectures)("%s: outputs are ONNX Runtime's, as read and rewritten", async (name) => {
    const graph = readModel(bytesOf(name));
    const golden = goldenOf(name);
    for (const [kind, made] of Object.entries({ read: graph, rewritten: rewritten(graph, golden.bindings) })) {
      const found = await runOnce(engine, made, feedsOf(golden));
      for (const [output, expected] of Object.entries(golden.outputs)) {
        expect(errorOf(found[output]!, expected), `${output}, ${kind}`).toBeLessThan(golden.tolerance.outputs);
      }
    }
  });

  it.each(architectures)("%s: gradients are PyTorch's", async (name) => {
    const graph = readModel(bytesOf(name));
    const golden = goldenOf(name);
    const variables = Object.keys(golden.gradients);
    const values = Object.fromEntries(variables.map((variable) => [variable, graph.initializers.get(variable)!]));
    const forward = withLoss(asInputs(dropIdentities(graph), variables), golden);
    const differentiated = differentiate(forward, "loss", variables, golden.bindings);
    const found = await runOnce(engine, fuse(mergeDuplicates(differentiated.graph), golden.bindings), {
      ...feedsOf(golden),
      ...values,
    });
    const largest = Math.max(...Object.values(golden.gradients).map((gradient) => gradient.largest));
    const wrong = Object.entries(golden.gradients)
      .map(([variable, expected]): [string, number] => [
        variable,
        errorOf(found[differentiated.gradients[variable]!]!, expected, FLOOR * largest),
      ])
      .filter(([, error]) => !(error < golden.tolerance.gradients));
    expect(wrong.map(([variable, error]) => `${variable}: ${error.toExponential(1)}`)).toEqual([]);
  });
});
