import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { float32, GraftError, seededRandom, type Tensor } from "@graft-ml/core";
import { differentiate, graphBuilder, layerGroups, reduceMean } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { strFromU8, strToU8, unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { kerasModel } from "./model.ts";
import type { Json } from "./settings.ts";

const golden = (name: string) => new URL(`../../golden/keras/${name}`, import.meta.url);
const random = seededRandom(5).uniform;
const engine = await openEngine("onnxruntime");

/** A Sequential LayersModel with seeded weights. */
function sequential(shape: readonly (number | null)[], layers: readonly (readonly [string, Json, Json?])[]) {
  const next = seededRandom(3).uniform;
  const specs = layers.flatMap(([, config, weights = {}]) =>
    Object.entries(weights).map(([role, dims]) => ({ name: `${config.name}/${role}`, shape: dims, dtype: "float32" })),
  );
  const size = specs.reduce((sum, spec) => sum + (spec.shape as number[]).reduce((a, b) => a * b, 1), 0);
  const values = Float32Array.from({ length: size }, () => next() + 0.1);
  const topology = {
    class_name: "Sequential",
    config: layers.map(([class_name, config], i) => ({
      class_name,
      config: i === 0 ? { batch_input_shape: shape, ...config } : config,
    })),
  };
  const model = { modelTopology: topology, weightsManifest: [{ paths: ["shard"], weights: specs }] };
  return { bytes: strToU8(JSON.stringify(model)), readShard: async () => new Uint8Array(values.buffer) };
}

async function run(model: ReturnType<typeof sequential>, x: Tensor, options = {}): Promise<Tensor> {
  const graph = await kerasModel(model.bytes, { readShard: model.readShard, ...options });
  const program = await engine.prepare(graph);
  const outputs = await program.run({ [graph.inputs[0]!.name]: x });
  await program.release();
  return outputs[graph.outputs[0]!.name]!;
}

const pixels = (dims: readonly number[]) => {
  const size = dims.reduce((a, b) => a * b, 1);
  return float32(dims, Float32Array.from({ length: size }, random));
};

describe("data_format", () => {
  it("channels_first computes what channels_last does, from the same pictures", async () => {
    const layers = (format: string, axis: number) =>
      [
        [
          "Conv2D",
          { name: "conv", filters: 3, kernel_size: 3, strides: 2, padding: "same", data_format: format },
          { kernel: [3, 3, 2, 3], bias: [3] },
        ],
        [
          "BatchNormalization",
          { name: "norm", axis },
          { gamma: [3], beta: [3], moving_mean: [3], moving_variance: [3] },
        ],
        [
          "DepthwiseConv2D",
          { name: "depth", kernel_size: 3, data_format: format, activation: "relu" },
          { depthwise_kernel: [3, 3, 3, 1], bias: [3] },
        ],
        ["ZeroPadding2D", { name: "pad", padding: [1, 2], data_format: format }],
        ["MaxPooling2D", { name: "pool", pool_size: 2, data_format: format }],
        ["GlobalAveragePooling2D", { name: "features", data_format: format }],
      ] as const;
    const x = pixels([2, 2, 9, 8]);
    const last = await run(sequential([null, 9, 8, 2], layers("channels_last", -1)), x);
    const first = await run(sequential([null, 2, 9, 8], layers("channels_first", 1)), x);
    expect(last.dims).toEqual([2, 3]);
    expect(first).toEqual(last);
  });
});

describe("the size of pictures that a model leaves open", () => {
  const model = sequential(
    [null, null, null, 2],
    [
      [
        "Conv2D",
        { name: "conv", filters: 1, kernel_size: 3, strides: 2, padding: "same", use_bias: false },
        { kernel: [3, 3, 2, 1] },
      ],
    ],
  );

  it.each([
    [7, [1, 1, 4, 4]],
    [[6, 9] as const, [1, 1, 3, 5]],
  ])("%j", async (size, dims) => {
    const [height, width] = typeof size === "number" ? [size, size] : size;
    expect((await run(model, pixels([1, 2, height, width]), { size })).dims).toEqual(dims);
  });

  it("is whole pixels", async () => {
    await expect(run(model, pixels([1, 2, 7, 7]), { size: 0 })).rejects.toThrow(
      "[backbones/keras] expected size to be whole pixels; received 0",
    );
  });
});

describe("quantized weights of a LayersModel", () => {
  it.each([
    ["float16", Uint16Array.of(0x3c00, 0xc000), {}, [1, -2]],
    ["uint16", Uint16Array.of(0, 65535), { scale: 1 / 65535, min: -0.5 }, [-0.5, 0.5]],
    ["uint8", Uint8Array.of(0, 255), { scale: 2 / 255, min: -1 }, [-1, 1]],
  ])("%s", async (dtype, stored, scaling, expected) => {
    const specs = [{ name: "d/kernel", shape: [1, 2], dtype: "float32", quantization: { dtype, ...scaling } }];
    const dense = {
      class_name: "Dense",
      config: { name: "d", units: 2, use_bias: false, batch_input_shape: [null, 1] },
    };
    const model = {
      modelTopology: { class_name: "Sequential", config: { layers: [dense] } },
      weightsManifest: [{ paths: ["shard"], weights: specs }],
    };
    const graph = await kerasModel(strToU8(JSON.stringify(model)), {
      readShard: async () => new Uint8Array(stored.buffer.slice(0)),
    });
    expect([...(graph.initializers.get("d/kernel")!.data as Float32Array)]).toEqual(
      expected.map((v) => expect.closeTo(v, 6)),
    );
  });
});

describe("a translated graph", () => {
  it("has layer groups that are named as in Keras, nested models' layers too", async () => {
    const graph = await kerasModel(fileURLToPath(golden("keras2.keras")));
    expect([...graph.initializers.keys()]).toContain("block:conv/kernel");
    expect(graph.metadata).toEqual({ source: "Keras 2.21.0", layout: "NCHW" });
    const text = await kerasModel(fileURLToPath(golden("text.keras")));
    expect(layerGroups(text, "ids").map(({ name }) => name)).toEqual([
      "table",
      "norm",
      "mix",
      "layer_norm",
      "norm_flat",
      "classes",
    ]);
  });

  it("of a GraphModel has layer groups that are named as in the original", async () => {
    const graph = await kerasModel(fileURLToPath(golden("graph-model/model.json")));
    expect(layerGroups(graph, "pictures").map(({ name }) => name)).toEqual([
      "stem_1",
      "depth_1",
      "norm_1",
      "gate_1",
      "hidden_1",
      "classes_1",
    ]);
  });

  it("keeps one initializer for a layer that is called twice", async () => {
    const graph = await kerasModel(fileURLToPath(golden("nested.h5")));
    expect([...graph.initializers.keys()].filter((name) => name.endsWith("kernel"))).toEqual([
      "wrapped:block:conv/kernel",
      "shared/kernel",
    ]);
  });

  it("gives every output a name of its own, where two are one value and where one is the input", async () => {
    const call = (name: string) => [[[name, 0, 0, {}]]];
    const config = {
      layers: [
        { class_name: "InputLayer", name: "x", config: { batch_input_shape: [null, 2] }, inbound_nodes: [] },
        { class_name: "Dropout", name: "drop", config: { rate: 0.5 }, inbound_nodes: call("x") },
        { class_name: "ReLU", name: "relu", config: {}, inbound_nodes: call("drop") },
      ],
      input_layers: ["x", 0, 0],
      output_layers: ["relu", "relu", "drop", "x"].map((name) => [name, 0, 0]),
    };
    const model = { modelTopology: { class_name: "Functional", config }, weightsManifest: [] };
    const graph = await kerasModel(strToU8(JSON.stringify(model)));
    const program = await engine.prepare(graph);
    const outputs = await program.run({ x: float32([1, 2], [-1, 1]) });
    await program.release();
    expect(
      Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...(data as Float32Array)]])),
    ).toEqual({
      relu: [0, 1],
      "relu.1": [0, 1],
      drop: [-1, 1],
      "x/output": [-1, 1],
    });
  });

  it("can be trained: every weight gets a gradient", async () => {
    const graph = await kerasModel(fileURLToPath(golden("text.keras")));
    const g = graphBuilder(graph, { batch: 2 });
    const loss = g.name(reduceMean(g, g.value("classes"), [0, 1], false), "loss");
    const weights = ["table/embeddings", "mix/kernel", "layer_norm/gamma", "classes/kernel"];
    const { gradients } = differentiate(g.finish([loss]), "loss", weights, { batch: 2 });
    expect(Object.keys(gradients)).toEqual(weights);
  });
});

describe("weights alone, with the topology beside them", () => {
  it("of Keras 3", async () => {
    const { "config.json": config, "model.weights.h5": weights } = unzipSync(readFileSync(golden("text.keras")));
    const graph = await kerasModel(weights!, { topology: strFromU8(config!) });
    const whole = await kerasModel(fileURLToPath(golden("text.keras")));
    expect([...graph.initializers]).toEqual([...whole.initializers]);
  });

  it("from before Keras 2, whose names say no roles", async () => {
    const { File, FS, ready } = await import("h5wasm");
    await ready;
    const file = new File("old.h5", "w");
    const group = file.create_group("conv");
    group.create_attribute("weight_names", ["conv_W_1:0", "conv_b_1:0"]);
    group.create_dataset({ name: "conv_W_1:0", data: Float32Array.of(1, 2), shape: [1, 1, 1, 2] });
    group.create_dataset({ name: "conv_b_1:0", data: Float32Array.of(3, 4), shape: [2] });
    file.close();
    const conv = { name: "conv", filters: 2, kernel_size: 1, batch_input_shape: [null, 2, 2, 1] };
    const topology = { class_name: "Sequential", config: [{ class_name: "Conv2D", config: conv }] };
    const graph = await kerasModel(FS!.readFile("old.h5") as unknown as Uint8Array, { topology });
    expect(graph.initializers.get("conv/kernel")).toEqual(float32([2, 1, 1, 1], [1, 2]));
    expect(graph.initializers.get("conv/bias")).toEqual(float32([2], [3, 4]));
  });
});

describe("a damaged file", () => {
  it.each(["text.keras", "nested.h5", "tfjs/model.json", "graph-model/model.json"])(
    "%s is refused in one line or read, never worse",
    async (name) => {
      const bytes = new Uint8Array(readFileSync(golden(name)));
      const shards = new Map(
        [1, 2].map((i) => [`group1-shard${i}of2.bin`, readFileSync(golden(`tfjs/group1-shard${i}of2.bin`))]),
      );
      shards.set("group1-shard1of1.bin", readFileSync(golden("graph-model/group1-shard1of1.bin")));
      const readShard = async (path: string) => shards.get(path) ?? new Uint8Array(0);
      let refused = 0;
      for (let round = 0; round < 150; round++) {
        const damaged = bytes.slice(0, round % 5 === 0 ? Math.floor(random() * bytes.length) : bytes.length);
        for (let i = 0; i < 3 && damaged.length > 0; i++) {
          damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
        }
        try {
          await kerasModel(damaged, { readShard });
        } catch (error) {
          expect(error, `round ${round}: ${(error as Error).stack}`).toBeInstanceOf(GraftError);
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(20);
    },
  );
});
