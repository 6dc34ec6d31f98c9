import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { float32, type ImagePreprocessing, int64 as int64Of } from "@graft-ml/core";
import { graphBuilder, inferShapes, readModel, writeExternalModel, writeModel } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { checkSource, runChecks } from "@graft-ml/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { FileCard } from "./source-assemble.ts";
import { type OnnxFileOptions, onnxFile } from "./source-file.ts";
import { renamed } from "./source-groups.ts";
import { tinyBert, tinyResnet, tinyVgg, tinyVit } from "./tiny-models.fixture.ts";

const PIXELS = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } as const;
const PICTURES = { task: "test", licence: "MIT", preprocessing: PIXELS } satisfies FileCard;
const TOKENIZER = fileURLToPath(new URL("../golden/texts/bert.tokenizer.json", import.meta.url));
const TEXTS = {
  task: "test",
  licence: "MIT",
  preprocessing: { tokenizer: "wordpiece", maxTokens: 16, padId: 0, mask: "attention_mask", pooling: "mean" },
} satisfies FileCard;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-file-"));
  const files = {
    "vgg.onnx": tinyVgg(),
    "vgg-1.onnx": tinyVgg({ batch: 1 }),
    "vgg-last.onnx": tinyVgg({ layout: "NHWC" }),
    "vgg-scaled.onnx": tinyVgg({ scaled: true }),
    "resnet.onnx": tinyResnet(),
    "resnet-any.onnx": tinyResnet({ batch: "N" }),
    "vit.onnx": tinyVit(),
    "vit-hidden.onnx": tinyVit({ classified: false }),
    "bert.onnx": tinyBert(),
    "gpt.onnx": tinyBert({ past: true }),
    "places.onnx": tinyBert({ positions: true }),
    "two.onnx": twoInputs(),
    "text.onnx": new TextEncoder().encode("no model"),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
});

function twoInputs(): Uint8Array {
  const g = graphBuilder();
  const [left, right] = ["left", "right"].map((name) => g.input(name, "float32", ["batch", 3, 8, 8]));
  return writeModel(g.finish([g.op("Add", [left, right])]));
}

afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (name: string, card: FileCard = PICTURES, options: OnnxFileOptions = {}) =>
  onnxFile(join(folder, `${name}.onnx`), card, options);

describe.each([
  ["vgg", PICTURES, {}, 6],
  ["vgg", PICTURES, { pooling: "max" }, 6],
  ["vgg", PICTURES, { includeTop: true }, 5],
  ["vgg-1", PICTURES, {}, 6],
  ["vgg-1", PICTURES, { includeTop: true }, 5],
  ["vgg-last", PICTURES, {}, 6],
  ["vgg-scaled", { task: "test" }, {}, 6],
  ["resnet", PICTURES, {}, 4],
  ["vit", PICTURES, {}, 6],
  ["vit-hidden", PICTURES, { tokens: "cls" }, 6],
  ["bert", TEXTS, { tokenizer: TOKENIZER }, 6],
] satisfies [string, FileCard, OnnxFileOptions, number][])("%s with %j, %j", (name, card, options, width) => {
  runChecks(
    checkSource(() => open(name, card, options), {
      name,
      otherHash: () => open(name, { ...card, sha256: "0".repeat(64) }, options),
      skip: [{ check: "offline, what is not here is refused", reason: "a file needs no network" }],
    }),
    test,
  );

  it(`has ${width} features`, async () => {
    expect((await open(name, card, options).load()).card.numFeatures).toBe(width);
  });
});

describe("what a file computes", () => {
  it.each([
    ["vgg", PICTURES, "vgg0_dense2_fwd"],
    ["vgg-1", PICTURES, "vgg0_dense2_fwd"],
    ["resnet", PICTURES, "resnetv17_dense0_fwd"],
    ["vit", PICTURES, "logits"],
  ] satisfies [string, FileCard, string][])("stays the same: %s", async (name, card, output) => {
    const { graph, card: made } = await open(name, card, { includeTop: true }).load();
    const batch = name === "vgg-1" ? 1 : 2;
    const pixels = Float32Array.from({ length: batch * 3 * 8 * 8 }, (_, i) => Math.sin(i));
    const program = await (await openEngine("onnxruntime")).prepare(graph);
    const found = await program.run({ [made.input]: float32([batch, 3, 8, 8], pixels) });
    const session = await InferenceSession.create(join(folder, `${name}.onnx`));
    const expected = await session.run({ [made.input]: new Tensor("float32", pixels, [batch, 3, 8, 8]) });
    expect(found[made.features]!.dims).toEqual(expected[output]!.dims);
    const values = Array.from(expected[output]!.data as Float32Array);
    for (const [i, value] of values.entries())
      expect((found[made.features]!.data as Float32Array)[i]).toBeCloseTo(value, 5);
    await program.release();
  });
});

it("segments and positions are made in the graph, as their usual values", async () => {
  const source = open("places", { preprocessing: { ...TEXTS.preprocessing, pooling: "none" } });
  const { graph, card } = await source.load();
  const int64 = (values: number[]) => new Tensor("int64", BigInt64Array.from(values, BigInt), [2, 3]);
  const session = await InferenceSession.create(join(folder, "places.onnx"));
  const ids = [3, 5, 7, 11, 13, 0];
  const mask = [1, 1, 1, 1, 1, 0];
  const expected = await session.run({
    input_ids: int64(ids),
    attention_mask: int64(mask),
    token_type_ids: int64([0, 0, 0, 0, 0, 0]),
    position_ids: int64([0, 1, 2, 0, 1, 2]),
  });
  for (const engine of ["onnxruntime", "tfjs-node"] as const) {
    const program = await (await openEngine(engine)).prepare(graph);
    const tensor = (values: number[]) => int64Of([2, 3], values);
    const found = await program.run({ input_ids: tensor(ids), attention_mask: tensor(mask) });
    await program.release();
    const values = Array.from(expected.last_hidden_state!.data as Float32Array);
    for (const [i, value] of values.entries()) expect(found[card.features]!.data[i]).toBeCloseTo(value, 5);
  }
});

describe("what is found in a file", () => {
  it("is its layout and size, and that it scales pixels itself", async () => {
    expect((await open("vgg-last").load()).card.preprocessing).toEqual({
      size: 8,
      crop: 0.875,
      interpolation: "bilinear",
      ...PIXELS,
      layout: "NHWC",
      channels: "RGB",
    });
    expect((await open("vgg-scaled", {}).load()).card).toMatchObject({
      id: "vgg-scaled",
      preprocessing: { layout: "NCHW", mean: [0, 0, 0], std: [1, 1, 1] },
    });
  });

  it("is its parameters, size and hash", async () => {
    const { card } = await open("resnet").load();
    const read = readModel(tinyResnet());
    const count = [...read.initializers.values()]
      .filter(({ dims, dtype }) => dims.length > 0 && dtype === "float32")
      .reduce((sum, { data }) => sum + data.length, 0);
    expect(card).toMatchObject({ parameters: count, bytes: tinyResnet().byteLength, output: "resnetv17_dense0_fwd" });
    expect(card.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is a batch of any size where the file has one of 1", async () => {
    const { graph } = await open("vgg-1", PICTURES, { includeTop: true }).load();
    expect(inferShapes(graph).values.get("vgg0_dense2_fwd")?.dims).toEqual(["batch", 5]);
  });

  it("are masked means that padding does not change", async () => {
    const { graph, card } = await open("bert", TEXTS).load();
    const program = await (await openEngine("onnxruntime")).prepare(graph);
    const run = async (ids: number[], mask: number[]) => {
      const int64 = (values: number[]) => ({
        dtype: "int64" as const,
        dims: [1, values.length],
        data: BigInt64Array.from(values, BigInt),
      });
      return Array.from(
        (await program.run({ input_ids: int64(ids), attention_mask: int64(mask) }))[card.features]!
          .data as Float32Array,
      );
    };
    const [short, padded] = [await run([3, 5, 7], [1, 1, 1]), await run([3, 5, 7, 0, 0], [1, 1, 1, 0, 0])];
    for (const [i, value] of short.entries()) expect(padded[i]).toBeCloseTo(value, 5);
    await program.release();
  });

  it("are groups under the names of hints", async () => {
    const { groups } = await open("resnet", PICTURES, {
      groups: [
        { pattern: "_stage(\\d+)_", name: "stage$1" },
        { pattern: "_conv0_", name: "stem" },
      ],
    }).load();
    expect(groups.map(({ name, initializers }) => [name, initializers.length])).toEqual([
      ["stem", 1],
      ["stage1", 2],
      ["stage2", 2],
    ]);
  });

  it("are groups under the names of modules where an exporter took the weights' own", async () => {
    const anonymous = readModel(tinyResnet());
    const names = new Map([...anonymous.initializers.keys()].map((name, i) => [name, `onnx::Conv_${i}`]));
    const modules = [
      "stem/Conv",
      "stem/Relu",
      ...[1, 2].flatMap((stage) =>
        [0, 1].flatMap((block) => Array(3).fill(`layers/layers.${stage}/layers.${stage}.${block}/conv/Op`)),
      ),
    ];
    const path = join(folder, "anonymous.onnx");
    await writeFile(
      path,
      writeModel({
        ...anonymous,
        initializers: new Map([...anonymous.initializers].map(([name, tensor]) => [names.get(name)!, tensor])),
        nodes: anonymous.nodes.map((node, i) => ({
          ...node,
          name: `/${modules[i] ?? `head/Op${i}`}`,
          inputs: node.inputs.map((name) => names.get(name) ?? name),
        })),
      }),
    );
    const { groups } = await onnxFile(path, PICTURES).load();
    expect(groups.map(({ name }) => name)).toEqual(["stem", "layers.1", "layers.2"]);
  });

  it("keeps a name for the first stretch that has it", () => {
    const group = (name: string) => ({ name, initializers: [name], boundary: `${name}/out` });
    const named = renamed(["a1", "b", "a2"].map(group), ({ name }) => (name.startsWith("a") ? "a" : undefined));
    expect(named.map(({ name }) => name)).toEqual(["a", "b", "a2"]);
  });
});

describe("refusals", () => {
  it.each([
    [
      "resnet",
      {},
      {},
      '"data" [batch, 3, 8, 8] does not say how pictures go in. Give preprocessing with mean (of pixel values 0..255, for ImageNet usually [123.675, 116.28, 103.53]), std (for ImageNet usually [58.395, 57.12, 57.375])',
    ],
    [
      "bert",
      {},
      {},
      'the graph takes token ids, and does not say how texts become features. Give preprocessing with tokenizer ("wordpiece", "bpe" or "unigram"; a tokenizer.json beside the model says it), maxTokens (the longest sequence that the model takes), padId (of the token that fills up shorter texts), pooling ("mean", "cls", "last", "max" or "none")',
    ],
    ["gpt", TEXTS, {}, 'the graph also wants "past" [batch, 1, 6], which is not fed. Export the model without it'],
    [
      "resnet",
      { ...PICTURES, input: "image" },
      {},
      'the graph has no input "image"; it has "data" float32 [batch, 3, 8, 8]',
    ],
    [
      "resnet",
      { preprocessing: { ...PIXELS, size: 224 } },
      {},
      'the card says pictures of 224×224; "data" takes [batch, 3, 8, 8]. Correct the size',
    ],
    [
      "two",
      PICTURES,
      {},
      'cannot tell which input takes pictures or token ids among "left" float32 [batch, 3, 8, 8], "right" float32 [batch, 3, 8, 8]. Name it by `input`',
    ],
    ["resnet", PICTURES, { features: "nowhere" }, 'the graph has no value "nowhere"'],
    [
      "resnet",
      PICTURES,
      { lastHidden: "layer_norm" },
      "no value of the file is like /layer_norm/. Say by `features` where to end",
    ],
    [
      "vit-hidden",
      PICTURES,
      {},
      'expected "last_hidden_state" to be [batch, features]; received [batch, 5, 6]. Say by `features` where to end',
    ],
    ["vit-hidden", PICTURES, { includeTop: true }, "The file has no classifier: leave includeTop out"],
  ] satisfies [string, FileCard, OnnxFileOptions, string][])("%s with %j, %j", async (name, card, options, message) => {
    await expect(open(name, card, options).load()).rejects.toThrow(message);
    await expect(open(name, card, options).load()).rejects.toThrow(`[backbones/${name}] `);
  });

  it("a file that is not there, is none, or is another", async () => {
    const path = join(folder, "none.onnx");
    await expect(onnxFile(path).load()).rejects.toThrow(
      `[backbones/none] cannot read ${path}: there is no such file. Check the path`,
    );
    await expect(open("text").load()).rejects.toThrow(/^\[graph\//);
    await expect(open("vgg", { ...PICTURES, sha256: "0".repeat(64) }).load()).rejects.toThrow(
      `with sha256 ${"0".repeat(64)}; received `,
    );
  });

  it("pictures that are not square", async () => {
    const g = readModel(tinyResnet());
    const oblong = { ...g, inputs: [{ ...g.inputs[0]!, dims: ["N", 3, 8, 16] }] };
    const path = join(folder, "oblong.onnx");
    await writeFile(path, writeModel(oblong));
    await expect(onnxFile<ImagePreprocessing>(path, PICTURES).load()).rejects.toThrow(
      '[backbones/oblong] expected square pictures at "data"; received [batch, 3, 8, 16]. Export the model for squares',
    );
  });
});

test("tensors beside a model are part of what it is known by", async () => {
  const { model, chunks } = writeExternalModel(readModel(tinyVgg()), { location: "weights.bin", smallest: 64 });
  await writeFile(join(folder, "beside.onnx"), model);
  const weights = Buffer.concat(chunks);
  const known = async (): Promise<string | undefined> => {
    const external = (_: string, offset: number, length: number) => weights.subarray(offset, offset + length);
    return (await open("beside", PICTURES, { external }).load()).card.sha256;
  };
  const before = await known();
  expect(await known()).toBe(before);
  weights[0]! ^= 1;
  expect(await known()).not.toBe(before);
});
