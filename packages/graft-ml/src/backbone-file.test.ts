import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Backbone, float32, type PlainOptions } from "@graft-ml/core";
import { decodeImage } from "@graft-ml/data";
import { openEngine } from "@graft-ml/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backboneFile } from "./backbone-file.ts";
import { inspect } from "./inspect.ts";

const golden = fileURLToPath(new URL("../../backbones/golden/", import.meta.url));
const data = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const TINY = join(golden, "keras", "training.keras");
const PIXELS = { mean: 127.5, std: [127.5, 127.5, 127.5] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-file-"));
  await writeFile(join(folder, "bert.onnx"), gunzipSync(readFileSync(join(golden, "texts", "bert.onnx.gz"))));
  const topology = gunzipSync(readFileSync(join(golden, "keras", "mobilenet-topology.json.gz")));
  await writeFile(join(folder, "topology.json"), topology);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a model's file", () => {
  it("is a backbone with plain options", async () => {
    const source = backboneFile(TINY, { ...PIXELS, crop: 1, title: "a tiny network", licence: "MIT" });
    expect(source.name).toBe("training");
    const { card } = await source.load();
    expect(card).toMatchObject({
      title: "a tiny network",
      licence: "MIT",
      preprocessing: { size: 8, crop: 1, mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
    });
  });

  it("can be looked into without options", async () => {
    const { groups, estimate } = await inspect(TINY);
    expect(groups.map(({ name, parameters, boundaryShape }) => [name, parameters, boundaryShape])).toEqual([
      ["conv1", 108, [4, 8, 8]],
      ["bn1", 8, [4, 8, 8]],
      ["conv2", 222, [6]],
    ]);
    expect(estimate).toBeUndefined();
  });

  it("of texts takes its tokenizer and pooling", async () => {
    const tokenizer = join(golden, "texts", "bert.tokenizer.json");
    const lastHidden = "/bert/encoder/layer.11/output/LayerNorm/Add_1_output_0";
    const options = { tokenizer, maxTokens: 32, pooling: "cls", features: lastHidden };
    const backbone = await backboneFile(join(folder, "bert.onnx"), options).load();
    expect(backbone.tokenizer?.pathname).toBe(tokenizer);
    expect(backbone.card).toMatchObject({
      features: "features.cls",
      preprocessing: { tokenizer: "wordpiece", maxTokens: 32, padId: 0, mask: "attention_mask", pooling: "cls" },
    });
  });

  it.each([
    [{ size: 2.5 }, "expected size to be a positive integer, height and width in pixels; received 2.5"],
    [{ mean: [1, 2] }, "expected mean to be three numbers, or one for all channels; received [1,2]"],
    [{ std: "1" }, 'expected std to be three numbers, or one for all channels; received "1"'],
    [{ layout: "nchw" }, 'expected layout to be one of NCHW, NHWC; received "nchw"'],
    [{ channels: "GBR" }, 'expected channels to be one of RGB, BGR; received "GBR"'],
    [
      { interpolation: "area" },
      'expected interpolation to be one of bicubic, bilinear, nearest, lanczos3; received "area"',
    ],
    [{ crop: 87.5 }, "expected crop to be a number in (0, 1]; received 87.5"],
    [{ pooling: "sum" }, 'expected pooling to be one of avg, max, mean, cls, last, none; received "sum"'],
    [{ maxTokens: 0 }, "expected maxTokens to be a positive integer; received 0"],
    [{ padId: -1 }, "expected padId to be the id of a token; received -1"],
    [{ includeTop: 1 }, "expected includeTop to be true or false; received 1"],
    [{ features: "" }, 'expected features to be a text; received ""'],
    [{ means: 1 }, 'unknown option "means"; did you mean "mean"?'],
  ] satisfies [PlainOptions, string][])("is refused with %j", (options, message) => {
    expect(() => backboneFile(TINY, options)).toThrow(`[backbones/file] ${message}`);
  });

  it("is refused where its ending says nothing, or a topology is not asked for", async () => {
    expect(() => backboneFile("model.pt")).toThrow(
      '[backbones/file] expected a model\'s file, one of .onnx, .keras, .h5, .hdf5, .json; received "model.pt"',
    );
    expect(() => backboneFile("model.onnx", { topology: "topology.json" })).toThrow(
      '[backbones/file] "model.onnx" brings its topology. Leave the option topology out',
    );
    await expect(backboneFile(TINY, { ...PIXELS, topology: "nowhere.json" }).load()).rejects.toThrow(
      "[backbones/file] cannot read the topology nowhere.json: ENOENT. Check the path",
    );
  });
});

const mobilenet = join(data, "weights-tfjs-mobilenet_v1_0.25_224", "model.json");
describe.skipIf(!existsSync(mobilenet))(
  "MobileNet of TensorFlow.js (skipped where ../shared/data is not there)",
  () => {
    it("classifies daisies", { timeout: 60_000 }, async () => {
      const source = backboneFile(mobilenet, { topology: join(folder, "topology.json"), includeTop: true });
      const { card, graph } = (await source.load()) as Backbone;
      expect(card).toMatchObject({ numFeatures: 1000, parameters: 470072 });
      const pictures = join(data, "flowers", "train", "daisy");
      const files = readdirSync(pictures).sort();
      const { preprocessing, features, input } = card;
      const pixels = await Promise.all(files.map((file) => decodeImage(join(pictures, file), preprocessing)));
      const program = await (await openEngine("onnxruntime")).prepare(graph);
      const dims = [files.length, 3, preprocessing.size, preprocessing.size];
      const batch = float32(dims, Float32Array.from(pixels.flatMap((each) => Array.from(each))));
      const scores = (await program.run({ [input]: batch }))[features]!.data as Float32Array;
      await program.release();
      const best = files.map((_, i) => {
        const row = scores.subarray(1000 * i, 1000 * (i + 1));
        expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
        return row.indexOf(Math.max(...row));
      });
      expect(best.length).toBeGreaterThanOrEqual(100);
      // ImageNet's class 985 is the daisy.
      expect(best.filter((label) => label === 985).length / best.length).toBeGreaterThan(0.6);
    });
  },
);
