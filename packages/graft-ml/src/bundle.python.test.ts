import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Head } from "@graft-ml/core";
import { decodeImage } from "@graft-ml/data";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { efficientnetLite0, last, linear, mlp, type TransferOptions, transfer } from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";

// The judge is tools/golden/check_bundle.py: ONNX Runtime for Python and ONNX's own checker.
const script = fileURLToPath(new URL("../../../tools/golden/check_bundle.py", import.meta.url));
const python = process.env.GRAFT_PYTHON ?? "python3";
const probe = spawnSync(python, ["-c", "import numpy, onnx, onnxruntime"], { encoding: "utf8" });
const missing =
  probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "it failed");

const tasks: readonly (readonly [string, Partial<TransferOptions>])[] = [
  ["frozen backbone, solved linear head", { head: linear() as Head }],
  [
    "last groups and an mlp head, trained",
    { head: mlp({ hidden: [16] }) as Head, freezing: last({ groups: 2 }), engine: "onnxruntime", epochs: 2 },
  ],
];

describe("a bundle in Python", () => {
  if (missing !== undefined) {
    const demanded = process.env.GRAFT_REQUIRE_PYTHON === "1";
    it.skipIf(!demanded)(`${python} lacks what tools/golden/requirements.txt names: ${missing}`, () =>
      expect.fail(missing),
    );
    return;
  }
  let data: string;
  let scratch: string;
  beforeAll(async () => {
    data = await pictureFolder(8);
    scratch = await mkdtemp(join(tmpdir(), "graft-python-"));
  });
  afterAll(async () => {
    await rm(data, { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  });

  it.each(tasks)("%s: the same probabilities", async (name, options) => {
    const result = await transfer({ data, cache: join(scratch, "cache"), seed: 5, ...options });
    const bundle = await result.save(join(scratch, name));
    const { card } = await efficientnetLite0().load();
    const files = ["disc", "square", "stripes"].flatMap((kind) => [1, 6].map((i) => join(data, kind, `${i}.png`)));
    const pictures = await Promise.all(files.map((file) => decodeImage(file, card.preprocessing)));
    const input = join(scratch, "pictures.f32");
    const predictions = join(scratch, "predictions.json");
    await writeFile(input, Buffer.concat(pictures.map((p) => Buffer.from(p.buffer, p.byteOffset, p.byteLength))));
    await writeFile(predictions, JSON.stringify(await result.predict(files)));
    await result.release();

    const run = spawnSync(python, [script, bundle, "--input", input, "--predictions", predictions], {
      encoding: "utf8",
    });
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ samples: files.length, sameLabels: true });
    expect(JSON.parse(run.stdout).maxDifference).toBeLessThan(1e-4);
  });
});
