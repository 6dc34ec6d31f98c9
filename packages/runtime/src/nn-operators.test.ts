import { readFile } from "node:fs/promises";
import { type Engine, float32, toNumbers } from "@graft-ml/core";
import { differentiate, foldBatchNorm, reduceSum } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { add, difference as apart, builder, filled, judged, prepared } from "./layers.fixture.ts";
import { nnCases } from "./nn-operators.cases.ts";
import { difference, type Golden, runCase } from "./torch-golden.fixture.ts";

// Expected gradients: tools/golden/torch_nn_gradients.py, PyTorch's autograd in float64. Expected outputs: ONNX Runtime.
const file = new URL("../golden/torch-nn-gradients.json", import.meta.url);
const golden = JSON.parse(await readFile(file, "utf8")) as Golden;
/** Names in full, which vitest would shorten. */
const named = <T extends { readonly name: string }>(all: readonly T[]): [string, T][] =>
  all.map((one) => [one.name, one]);
const probes = await probeEngines();

describe.each(engineNames)("%s", (name) => {
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

  it.each(named(golden.cases))("gives PyTorch's output and gradients: %s", async (_, one) => {
    const found = await runCase(engine, one, golden.loss);
    expect(difference(found.y!, one.expected.y)).toBeLessThan(golden.tolerance.relative);
    for (const [variable, gradient] of Object.entries(one.expected.gradients)) {
      expect(difference(found[variable]!, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
    }
  });

  it.each(named(nnCases))("agrees with ONNX Runtime: %s", async (_, one) => {
    const { graph, feeds, outputs } = prepared(one);
    const expected = await judged(graph, feeds);
    const program = await engine.prepare(graph);
    try {
      const found = await program.run(feeds);
      for (const { name, dtype, dims } of outputs) {
        expect([dtype, found[name]!.dtype]).toEqual([expected[name]!.dtype, expected[name]!.dtype]);
        expect(dims).toEqual(expected[name]!.dims);
        expect(found[name]!.dims).toEqual(expected[name]!.dims);
        expect(apart(found[name]!, expected[name]!)).toBeLessThanOrEqual(one.tolerance ?? 2e-6);
      }
    } finally {
      await program.release();
    }
  });

  const pools = golden.cases.filter(({ nodes }) => nodes.length === 1 && nodes[0]!.op === "MaxPool");
  // Operator set 16 brought the scatter that adds.
  it.each(pools.flatMap((one) => [10, 13, 15].map((opset) => ({ ...one, opset }))))(
    "differentiates $name in operator set $opset",
    async (one) => {
      const found = await runCase(engine, one, golden.loss);
      expect(difference(found.x!, one.expected.gradients.x!)).toBeLessThan(golden.tolerance.relative);
    },
  );
  it.runIf(name === "onnxruntime")("refuses a max pool's gradient in operator set 9, by name", async () => {
    await expect(runCase(engine, { ...pools[0]!, opset: 9 }, golden.loss)).rejects.toThrow(
      'node "MaxPoolGrad" (MaxPoolGrad) needs a model of operator set 10 or later; this one has 9',
    );
  });

  it.each([
    ["LpPool", { kernel_shape: [2, 2] }],
    ["GlobalLpPool", {}],
    ["LpNormalization", {}],
    ["LpNormalization", { p: 1 }],
  ])("gives zeros a gradient of 0: %s %j", async (op, attributes) => {
    const g = builder(17);
    const x = g.input("x", "float32", [1, 2, 3, 3]);
    const loss = reduceSum(g, g.op(op, [x], attributes), [0, 1, 2, 3], false);
    const { graph, gradients } = differentiate(g.finish([loss]), loss.name, ["x"]);
    const program = await engine.prepare(graph);
    const found = await program.run({ x: float32([1, 2, 3, 3], new Float32Array(18)) });
    await program.release();
    expect(Array.from(toNumbers(found[gradients.x!]!), Math.abs)).toEqual(new Array(18).fill(0));
  });

  // ONNX Runtime's SpaceToDepth has no mode yet.
  it.runIf(name !== "onnxruntime")("undoes DepthToSpace by SpaceToDepth of the same mode, gradients too", async () => {
    for (const mode of ["DCR", "CRD"]) {
      const g = builder(26);
      const x = g.input("x", "float32", [2, 12, 2, 3]);
      const back = g.op("SpaceToDepth", [g.op("DepthToSpace", [x], { blocksize: 2, mode })], { blocksize: 2, mode });
      const loss = reduceSum(g, g.op("Mul", [back, back]), [0, 1, 2, 3], false);
      const { graph, gradients } = differentiate(g.finish([loss, back]), loss.name, ["x"]);
      const program = await engine.prepare(graph);
      const fed = filled({ dtype: "float32", dims: [2, 12, 2, 3] }, mode);
      const found = await program.run({ x: fed });
      await program.release();
      expect(found[back.name]!.data).toEqual(fed.data);
      expect(found[gradients.x!]!.data).toEqual((fed.data as Float32Array).map((value) => 2 * value));
    }
  });

  it("runs a convolution of a signal with its batch normalisation folded, the kernel a variable or not", async () => {
    const g = builder(17);
    const x = g.input("x", "float32", [2, 3, 6]);
    const drawn = (dims: readonly number[], seed: string) => filled({ dtype: "float32", dims }, seed);
    const w = g.parameter("w", drawn([4, 3, 3], "w"));
    const norm = ["scale", "bias", "mean"].map((name) => g.parameter(name, drawn([4], name)));
    const variance = g.parameter("variance", float32([4], [0.5, 1, 2, 3]));
    const y = g.op("BatchNormalization", [g.op("Conv", [x, w]), ...norm, variance]);
    const graph = g.finish([y]);
    const feeds = { x: drawn([2, 3, 6], "x") };
    const expected = (await judged(graph, feeds))[y.name]!;
    for (const variables of [[], ["w"]]) {
      const folded = foldBatchNorm(graph, new Set(variables));
      expect(folded.nodes.map((node) => node.op)).toEqual(variables.length === 0 ? ["Conv"] : ["Mul", "Conv"]);
      const program = await engine.prepare(folded);
      const found = await program.run(feeds);
      await program.release();
      expect(apart(found[y.name]!, expected)).toBeLessThan(2e-6);
    }
  });

  it("gives the place of the first of a window's largest elements", async () => {
    const g = builder(17);
    const x = g.input("x", "float32", [1, 1, 2, 4]);
    const graph = g.finish(add(g, "MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] }, ["y", "places"]));
    const program = await engine.prepare(graph);
    const { places } = await program.run({ x: float32([1, 1, 2, 4], [1, 2, 0, 0, 2, 1, 0, 3]) });
    await program.release();
    expect([places!.dtype, ...Array.from(toNumbers(places!))]).toEqual(["int64", 1, 7]);
  });
});
