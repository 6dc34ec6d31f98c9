import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Backbone, ImagePreprocessing } from "@graft-ml/core";
import { checkSource, runChecks } from "@graft-ml/testing";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { applicationPreprocessing } from "./keras-preprocessing.ts";
import type { FileCard } from "./source-assemble.ts";
import { type KerasFileOptions, kerasFile } from "./source-keras.ts";

const golden = fileURLToPath(new URL("../golden/keras/", import.meta.url));
const published = fileURLToPath(
  new URL("../../../../shared/data/weights-tfjs-mobilenet_v1_0.25_224/", import.meta.url),
);
const PICTURES = { preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] } } satisfies FileCard;
const OTHER = "0".repeat(64);
const TRAINING = join(golden, "training.keras");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-keras-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The tiny network under another name. */
function renamed(name: string): string {
  const files = unzipSync(readFileSync(TRAINING));
  const config = JSON.parse(strFromU8(files["config.json"]!)) as { config: { name: string } };
  config.config.name = name;
  const path = join(folder, `${name}.keras`);
  writeFileSync(path, zipSync({ ...files, "config.json": strToU8(JSON.stringify(config)) }));
  return path;
}

const skip = [
  { check: "offline, what is not here is refused", reason: "a file needs no network" },
  { check: "the card's parameters are the graph's", reason: "the file goes on beyond the features" },
];
describe.each([
  ["training", TRAINING, PICTURES, {}, 6],
  ["keras2", join(golden, "keras2.h5"), PICTURES, { features: "block" }, 4],
] satisfies [string, string, FileCard, KerasFileOptions, number][])("%s", (name, path, card, options, width) => {
  runChecks(
    checkSource(() => kerasFile(path, card, options), {
      name,
      otherHash: () => kerasFile(path, { ...card, sha256: OTHER }, options),
      skip: name === "training" ? skip.slice(0, 1) : skip,
    }),
    test,
  );

  it("says what the file is", async () => {
    const bytes = readFileSync(path);
    expect((await kerasFile(path, card, options).load()).card).toMatchObject({
      numFeatures: width,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      preprocessing: { size: 8, layout: "NCHW", ...PICTURES.preprocessing },
    });
  });
});

describe.skipIf(!existsSync(published))("MobileNet (skipped where ../shared/data is not there)", () => {
  const topology = gunzipSync(readFileSync(join(golden, "mobilenet-topology.json.gz"))).toString();
  const open = (card: FileCard = {}) => kerasFile(join(published, "model.json"), card, { topology });
  runChecks(
    checkSource(() => open({ id: "mobilenet" }), {
      name: "mobilenet",
      otherHash: () => open({ id: "mobilenet", sha256: OTHER }),
      skip: skip.slice(0, 1),
    }),
    test,
  );

  it("has its preprocessing and the blocks that Keras names", async () => {
    const { card, groups } = (await open().load()) as Backbone;
    expect(card).toMatchObject({
      id: "model",
      numFeatures: 256,
      parameters: 470072,
      preprocessing: { size: 224, mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5], channels: "RGB" },
    });
    expect(groups[0]?.name).toBe("conv1");
    expect(groups.at(-1)?.name).toBe("conv_pw_13_bn");
  });

  it("is another model with another shard", async () => {
    const copy = join(folder, "mobilenet");
    cpSync(published, copy, { recursive: true });
    const bytes = Uint8Array.from(readFileSync(join(copy, "group1-shard1of1")));
    bytes[0] = bytes[0]! ^ 1;
    writeFileSync(join(copy, "changed"), bytes);
    const json = readFileSync(join(copy, "model.json"), "utf8").replace('"group1-shard1of1"', '"changed"');
    writeFileSync(join(folder, "mobilenet", "changed.json"), json);
    const load = async (file: string) => (await kerasFile(file, {}, { topology }).load()).card.sha256;
    expect(await load(join(copy, "changed.json"))).not.toBe(await load(join(published, "model.json")));
  });
});

describe("how pixels go in", () => {
  it.each([
    ["vgg16", { mean: [103.939, 116.779, 123.68], std: [1, 1, 1], channels: "BGR" }],
    ["resnet50v2", { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5], channels: "RGB" }],
    ["densenet121", { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], channels: "RGB" }],
    ["efficientnetb0", { mean: [0, 0, 0], std: [1, 1, 1], channels: "RGB" }],
  ] as const)("is known of %s", async (name, expected) => {
    const { card } = await kerasFile<ImagePreprocessing>(renamed(name)).load();
    expect(card.preprocessing).toMatchObject({ ...expected, size: 8, layout: "NCHW" });
  });

  it.each([
    ["vgg19", "BGR"],
    ["resnet152", "BGR"],
    ["mobilenet_0.25_224", undefined],
    ["mobilenetv2_1.00_96", undefined],
    ["MobileNetV3Small", undefined],
    ["inception_v3", undefined],
    ["NASNet", undefined],
    ["convnext_tiny", undefined],
    ["efficientnetv2-b0", undefined],
  ])("is known by the name %s", (name, channels) => {
    const found = applicationPreprocessing(name);
    expect(found.mean).toHaveLength(3);
    expect(found.channels).toBe(channels);
  });

  it.each(["functional", "my_vgg16", "vgg16_flowers", undefined])("is not guessed of %s", (name) => {
    expect(applicationPreprocessing(name)).toEqual({});
  });

  it("is asked for where nothing says it, and is what the user says where both do", async () => {
    await expect(kerasFile(TRAINING).load()).rejects.toThrow(
      '[backbones/training] "picture" [batch, 3, 8, 8] does not say how pictures go in. Give preprocessing with mean (of pixel values 0..255, for ImageNet usually [123.675, 116.28, 103.53]), std (for ImageNet usually [58.395, 57.12, 57.375])',
    );
    const { card } = await kerasFile<ImagePreprocessing>(renamed("vgg16"), {
      preprocessing: { channels: "RGB" },
    }).load();
    expect(card.preprocessing.channels).toBe("RGB");
  });
});

describe("refusals", () => {
  it("of what is no model, or not there", async () => {
    const path = join(folder, "text.keras");
    writeFileSync(path, "no model");
    await expect(kerasFile(path, PICTURES).load()).rejects.toThrow(
      "[backbones/keras] text.keras is neither a .keras archive, an .h5 file nor a model.json (8 bytes); download or save it again",
    );
    await expect(kerasFile(join(folder, "none.h5"), PICTURES).load()).rejects.toThrow(
      `[backbones/keras] cannot read ${join(folder, "none.h5")}: ENOENT`,
    );
  });

  it("of another file", async () => {
    await expect(kerasFile(TRAINING, { ...PICTURES, sha256: OTHER }).load()).rejects.toThrow(
      `[backbones/training] expected ${TRAINING} with sha256 ${OTHER}; received `,
    );
  });
});
