import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackboneCard, float32 } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveBundle } from "./bundle.ts";
import { besideModel } from "./external-files.ts";
import { inspect } from "./inspect.ts";
import { load } from "./load.ts";
import type { RunSummary } from "./summary.ts";

let scratch: string;
let model: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "graft-beside-"));
  mkdirSync(join(scratch, "models", "parts"), { recursive: true });
  model = join(scratch, "models", "model.onnx");
  writeFileSync(join(scratch, "models", "w.bin"), Uint8Array.from([1, 2, 3, 4, 5]));
  writeFileSync(join(scratch, "models", "parts", "w.bin"), Uint8Array.from([9]));
  writeFileSync(join(scratch, "secret.bin"), "secret");
  symlinkSync(join(scratch, "secret.bin"), join(scratch, "models", "out.bin"));
  symlinkSync(join(scratch, "models", "w.bin"), join(scratch, "models", "in.bin"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("files beside a model", () => {
  it("gives the stretch that is asked for, from the folder and below it", () => {
    const read = besideModel(model);
    expect([...read("w.bin", 1, 3)!]).toEqual([2, 3, 4]);
    expect([...read("parts/w.bin", 0, 1)!]).toEqual([9]);
    expect([...read("in.bin", 4, 1)!]).toEqual([5]);
    expect(read("w.bin", 5, 0)).toHaveLength(0);
    expect(read("missing.bin", 0, 1)).toBeUndefined();
  });

  it.each([
    ["../secret.bin", "which is outside the model's folder"],
    ["parts/../../secret.bin", "which is outside the model's folder"],
    ["/etc/passwd", "which is outside the model's folder"],
    ["out.bin", "a link that leads out of the model's folder"],
    ["..\\secret.bin", "which is no relative path"],
    ["w.bin\0.txt", "which is no relative path"],
    ["parts", "which is no plain file"],
  ])("%j is refused", (location, why) => {
    expect(() => besideModel(model)(location, 0, 1)).toThrow(
      `[graft/external-files] model.onnx keeps tensors in ${JSON.stringify(location)}, ${why}`,
    );
  });

  it("bytes beyond the file are refused", () => {
    expect(() => besideModel(model)("w.bin", 3, 3)).toThrow("whose 5 bytes do not hold 3 from byte 3 on");
  });

  it.skipIf(process.platform === "win32")("a named pipe is refused at once", () => {
    execFileSync("mkfifo", [join(scratch, "models", "pipe")]);
    expect(() => besideModel(model)("pipe", 0, 1)).toThrow("which is no plain file");
  });
});

describe("a bundle whose tensors lie beside its model", () => {
  const g = graphBuilder();
  const w = g.parameter(
    "w",
    float32(
      [1024, 2],
      Array.from({ length: 2048 }, (_, i) => i / 7),
    ),
  );
  const pixels = g.input("image", "float32", ["batch", 3, 4, 4]);
  const flat = g.op("Flatten", [g.op("Pad", [pixels, g.ints([0, 0, 0, 0, 0, 1021, -3, -3])])]);
  const graph = g.finish([g.name(g.op("Softmax", [g.op("MatMul", [flat, w])]), "probabilities")]);
  const card = {
    id: "tiny",
    input: "image",
    preprocessing: {
      size: 4,
      crop: 1,
      interpolation: "bilinear",
      mean: [0, 0, 0],
      std: [1, 1, 1],
      layout: "NCHW",
      channels: "RGB",
    },
  } as unknown as BackboneCard;
  const summary = { data: { classes: ["a", "b"] }, seed: 1 } as unknown as RunSummary;

  it("is saved, opened and inspected, and refused when that file was changed", async () => {
    const folder = join(scratch, "bundle");
    await saveBundle(folder, { model: graph, summary, card }, {}, { largest: 1000 });
    expect((await readdir(folder)).sort()).toEqual(["graft.json", "model.onnx", "model.onnx.data"]);
    const opened = await load(folder);
    expect(opened.manifest.model.external?.file).toBe("model.onnx.data");
    await opened.release();
    const { groups } = await inspect(join(folder, "model.onnx"), { measure: false });
    expect(groups.reduce((sum, group) => sum + group.parameters, 0)).toBe(2048);
    writeFileSync(join(folder, "model.onnx.data"), new Uint8Array(8192));
    await expect(load(folder)).rejects.toThrow(/model\.onnx\.data was changed or damaged: expected sha256/);
    rmSync(join(folder, "model.onnx.data"));
    await expect(load(folder)).rejects.toThrow(/has no model\.onnx\.data\. Fit it again/);
  });
});
