import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, type Graph, type GraphNode, type Tensor } from "@graft-ml/core";
import { graphBuilder, writeModel } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doctor, efficientnetLite0, freezingStrategies, full, inspect, last, minilmL6 } from "./index.ts";

const { gradualUnfreezing } = freezingStrategies;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-inspect-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("inspect", () => {
  test("a backbone, by default frozen", async () => {
    const { backbone, groups, plan, estimate } = await inspect(efficientnetLite0(), { measure: false });
    expect(backbone).toBe("efficientnet-lite0");
    expect(plan.strategy).toBe("frozen");
    expect(groups.map((group) => group.name)).toEqual([
      "stem",
      ...Array.from({ length: 16 }, (_, i) => `blocks.${i}`),
      "head",
    ]);
    expect(groups[10]).toMatchObject({
      boundaryShape: [112, 14, 14],
      boundaryBytes: 2 * 112 * 14 * 14,
      frozen: true,
      trained: 0,
    });
    expect(groups.at(-1)).toMatchObject({ boundaryShape: [1280] });
    expect(estimate).toBeUndefined();
  });

  test("what a plan would train, and what it would cost here", async () => {
    const { groups, estimate } = await inspect(efficientnetLite0(), { freezing: last({ groups: 1 }) });
    expect(groups.filter((group) => !group.frozen).map((group) => group.name)).toEqual(["head"]);
    expect(groups.at(-1)?.trained).toBe(320 * 1280);
    expect(estimate?.seconds).toBeGreaterThan(0);
    expect(estimate!.phases[0]!.epoch).toBeLessThan(estimate!.parts.features);
    expect(estimate?.parts.training).toBeCloseTo(5 * estimate!.phases[0]!.epoch, 6);
    expect(estimate?.memoryBytes).toBeGreaterThan(16 * 1280 * 49 * 4);
  });

  test("with live normalisation, scale and shift train as well", async () => {
    const trained = async (options: { normalization?: string }) =>
      (await inspect(efficientnetLite0(), { freezing: full(options), measure: false })).groups.reduce(
        (n, group) => n + group.trained,
        0,
      );
    expect((await trained({ normalization: "live" })) - (await trained({}))).toBeGreaterThan(20_000);
  });

  test("the phases of a plan, and what each would cost", async () => {
    const freezing = gradualUnfreezing({ groups: 2 });
    const { phases, plan, groups, estimate } = await inspect(efficientnetLite0(), { freezing, epochs: 4 });
    expect(plan.phases).toHaveLength(3);
    const kernel = 320 * 1280;
    const fixed = { adapters: [], normalization: "frozen" };
    expect(phases).toEqual([
      { ...fixed, groups: [], parameters: 0, boundary: expect.any(String), epochs: 1, rate: 1e-3, solved: false },
      {
        ...fixed,
        groups: ["head"],
        parameters: kernel,
        boundary: expect.any(String),
        epochs: 1,
        rate: 1e-4,
        solved: false,
      },
      {
        ...fixed,
        groups: ["blocks.15", "head"],
        parameters: kernel + groups.at(-2)!.trained,
        boundary: expect.any(String),
        epochs: 2,
        rate: 1e-4,
        solved: false,
      },
    ]);
    const [head, top, both] = estimate!.phases;
    expect(both).toMatchObject({ recut: 0 });
    for (const part of [head!.recut, head!.epoch, top!.recut, top!.epoch, both!.epoch]) expect(part).toBeGreaterThan(0);
    expect(both!.seconds).toBeCloseTo(2 * both!.epoch, 9);
    const total = estimate!.parts.features + estimate!.phases.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(estimate!.seconds).toBeCloseTo(total, 6);
  });

  test("adapters of a backbone of texts: 73,728 parameters of rank 8 on query and value", async () => {
    const { phases, groups, estimate } = await inspect(minilmL6(), { freezing: freezingStrategies.lora() });
    expect(phases).toMatchObject([{ adapters: ["lora"], groups: [], parameters: 73_728, rate: 1e-3, solved: false }]);
    expect(groups.every(({ frozen, trained }) => frozen && trained === 0)).toBe(true);
    expect(estimate).toMatchObject({ tokens: 32, seconds: expect.any(Number) });
    expect(estimate!.parts.training).toBeGreaterThan(0);
  });

  test("an ONNX file", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 4]);
    const w = g.parameter("dense.weight", { dtype: "float32", dims: [4, 2], data: new Float32Array(8) });
    const file = join(scratch, "tiny.onnx");
    await writeFile(file, writeModel(g.finish([g.name(g.op("MatMul", [x, w]), "y")])));
    expect((await inspect(file)).groups).toEqual([
      { name: "dense", parameters: 8, boundaryShape: [2], boundaryBytes: 4, frozen: true, trained: 0 },
    ]);
  });

  test.each<[string, readonly string[], GraphNode["attributes"]]>([
    ["Dropout", ["x", "half", "yes"], {}],
    ["BatchNormalization", ["x", "one", "zero", "zero", "one"], { training_mode: { type: "int", value: 1 } }],
  ])(
    "a file with %s in training mode, whose values could not be kept, is refused by the node",
    async (op, inputs, attributes) => {
      const value = { dtype: "float32", dims: ["batch", 4] } as const;
      const node = { name: "noisy", op, domain: "", inputs, outputs: ["y"], attributes };
      const vector = (number: number) => float32([4], new Float32Array(4).fill(number));
      const graph: Graph = {
        name: "noisy",
        irVersion: 8,
        opsets: { "": 15 },
        inputs: [{ name: "x", ...value }],
        outputs: [{ name: "y", ...value }],
        initializers: new Map<string, Tensor>([
          ["half", float32([], [0.5])],
          ["yes", { dtype: "bool", dims: [], data: Uint8Array.of(1) }],
          ["one", vector(1)],
          ["zero", vector(0)],
        ]),
        nodes: [node],
        metadata: {},
      };
      const file = join(scratch, `${op}.onnx`);
      await writeFile(file, writeModel(graph));
      await expect(inspect(file)).rejects.toThrow(
        `[graph] node "noisy" (${op}): training mode is not supported; export the model in evaluation mode`,
      );
    },
  );

  test("nothing there", async () => {
    await expect(inspect(join(scratch, "nothing"))).rejects.toThrow(
      /expected a backbone's name, a bundle or an ONNX file/,
    );
  });
});

test("doctor reports every engine, present or not", async () => {
  const { engines, node } = await doctor();
  expect(node).toBe(process.version);
  expect(engines.map((engine) => engine.name)).toEqual(["onnxruntime", "tfjs-node", "tfjs-wasm"]);
  expect(engines[0]).toMatchObject({ available: true });
  for (const engine of engines) expect(engine.available || (engine.reason && engine.mend)).toBeTruthy();
});
