import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphBuilder, writeModel } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doctor, efficientnetLite0, full, inspect, last } from "./index.ts";

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
    expect(estimate?.parts.epoch).toBeLessThan(estimate!.parts.features);
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
