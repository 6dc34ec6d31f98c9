import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { kerasModel } from "./model.ts";
import type { Json } from "./settings.ts";

const golden = (name: string) => new URL(`../../golden/keras/${name}`, import.meta.url);
const archive = unzipSync(readFileSync(golden("text.keras")));
const manifest = JSON.parse(readFileSync(golden("tfjs/model.json"), "utf8"));

/** A LayersModel of one layer behind its input, its weights all zero. */
function single(
  className: string,
  config: Json,
  shape: readonly (number | null)[] = [null, 4, 4, 2],
  weights: Json = {},
) {
  const layers = [
    { class_name: "InputLayer", config: { batch_input_shape: shape, dtype: "float32", name: "x" } },
    { class_name: className, config: { name: "layer", ...config } },
  ];
  const specs = Object.entries(weights).map(([role, dims]) => ({
    name: `layer/${role}`,
    shape: dims,
    dtype: "float32",
  }));
  const size = specs.reduce((sum, spec) => sum + (spec.shape as number[]).reduce((a, b) => a * b, 4), 0);
  return layersModel({ class_name: "Sequential", config: { name: "m", layers } }, specs, new Uint8Array(size));
}

function layersModel(topology: unknown, specs: readonly Json[] = [], shard: Uint8Array = new Uint8Array(0)) {
  const model = { modelTopology: topology, weightsManifest: [{ paths: ["shard"], weights: specs }] };
  return kerasModel(strToU8(JSON.stringify(model)), { readShard: async () => shard });
}

/** A GraphModel of nodes behind an input "x" of [batch, 2]. */
function graphModel(nodes: readonly Json[]) {
  const shape = { shape: { dim: [{ size: "-1" }, { size: "2" }] } };
  const x = { name: "x", op: "Placeholder", attr: { dtype: { type: "DT_FLOAT" }, shape } };
  const model = { format: "graph-model", modelTopology: { node: [x, ...nodes] }, weightsManifest: [] };
  return kerasModel(strToU8(JSON.stringify(model)));
}

const zip = (files: Record<string, Uint8Array | undefined>) =>
  kerasModel(
    zipSync(
      Object.fromEntries(Object.entries({ ...archive, ...files }).filter(([, f]) => f)) as Record<string, Uint8Array>,
    ),
  );
const conv = { filters: 3, kernel_size: [3, 3] };

const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  ["a file that is not there", () => kerasModel("/nowhere/model.keras"), "cannot read /nowhere/model.keras: ENOENT"],
  [
    "a file of another kind",
    () => kerasModel(strToU8("hello")),
    "the model is neither a .keras archive, an .h5 file nor a model.json (5 bytes); download or save it again",
  ],
  [
    "a truncated archive",
    () => kerasModel(readFileSync(golden("text.keras")).subarray(0, 2000)),
    "the model is no complete zip archive (2000 bytes): invalid zip data; download or save it again",
  ],
  [
    "an archive without weights",
    () => zip({ "model.weights.h5": undefined }),
    'the model has no model.weights.h5; save the whole model with model.save("model.keras")',
  ],
  [
    "an archive with a broken configuration",
    () => zip({ "config.json": strToU8('{"class_name": ') }),
    "config.json of the model is no valid JSON; download or save it again",
  ],
  [
    "an archive with truncated weights",
    () => zip({ "model.weights.h5": archive["model.weights.h5"]!.subarray(0, 3000) }),
    "model.weights.h5 of the model is no complete HDF5 file (3000 bytes); download or save it again",
  ],
  [
    "an archive whose weights are another model's",
    () =>
      zip({
        "config.json": strToU8(strFromU8(archive["config.json"]!).replace('"input_dim": 11', '"input_dim": 12')),
      }),
    'layer "table" (Embedding): expected a table of [12, 4]; the file has [11, 4]',
  ],
  [
    "an archive whose configuration has a layer more",
    () =>
      zip({
        "config.json": strToU8(strFromU8(archive["config.json"]!).replace('"GlobalAveragePooling1D"', '"PReLU"')),
      }),
    'layer "mean" (PReLU): model.weights.h5 has no "layers/p_re_lu/vars/0" (alpha); save the model again with its weights',
  ],
  [
    "a truncated .h5",
    () => kerasModel(readFileSync(golden("nested.h5")).subarray(0, 20000)),
    "the model is no complete HDF5 file (20000 bytes); download or save it again",
  ],
  [
    ".h5 weights alone",
    () => kerasModel(archive["model.weights.h5"]!),
    "the model holds weights alone; pass { topology: ... } (model.to_json() in Keras) or save the whole model",
  ],
  [
    "model.json with weights alone",
    () => layersModel(null),
    "the model holds weights alone; pass { topology: ... } (model.to_json() in Keras)",
  ],
  [
    "a model.json as bytes, its shards nowhere",
    () => kerasModel(strToU8(JSON.stringify(manifest))),
    "model.json needs the shard group1-shard1of2.bin; pass { readShard: ... } or a path",
  ],
  [
    "a truncated shard",
    () =>
      kerasModel(strToU8(JSON.stringify(manifest)), {
        readShard: async (path) => readFileSync(golden(`tfjs/${path}`)).subarray(0, 200),
      }),
    'the model: the shards end at byte 400, inside weight "norm_flat/moving_mean" (bytes 384 to 408). Download them again',
  ],
  [
    "shards that are too long",
    () =>
      kerasModel(strToU8(JSON.stringify(manifest)), {
        readShard: async (path) =>
          Buffer.concat([readFileSync(golden(`tfjs/${path}`)), Buffer.alloc(path.includes("2of2") ? 4 : 0)]),
      }),
    "the model: the shards group1-shard1of2.bin, group1-shard2of2.bin hold 520 bytes; their weights need 516. Download them again",
  ],
  [
    "a shard outside the model's folder",
    () =>
      kerasModel(strToU8(JSON.stringify({ ...manifest, weightsManifest: [{ paths: ["../secret"], weights: [] }] }))),
    'the model: the shard "../secret" lies outside the model\'s folder',
  ],
  [
    "a GraphModel with an operator that is not supported",
    () => graphModel([{ name: "a/FFT", op: "FFT", input: ["x"] }]),
    'node "a/FFT" (FFT): the operator is not supported; convert the original model to ONNX with tf2onnx instead',
  ],
  [
    "a GraphModel whose constant is missing",
    () =>
      graphModel([
        { name: "c", op: "Const" },
        { name: "y", op: "MatMul", input: ["x", "c"] },
      ]),
    'node "c" (Const): its value is not in weightsManifest; download the model again',
  ],
  [
    "a GraphModel that reads what it has not",
    () => graphModel([{ name: "y", op: "Relu", input: ["z"] }]),
    'the model: node "y" reads "z", which the graph has not',
  ],
  [
    "a GraphModel that runs in a circle",
    () =>
      graphModel([
        { name: "y", op: "AddV2", input: ["x", "z"] },
        { name: "z", op: "Relu", input: ["y"] },
      ]),
    'the model: node "y" needs its own output',
  ],
  [
    "a Lambda layer",
    () => single("Lambda", { function: "import os" }),
    'layer "layer" (Lambda) holds Python code, which is not run; replace it by layers',
  ],
  [
    "an unknown layer",
    () => single("Conv3DTranspose", {}),
    'layer "layer" (Conv3DTranspose) is of a class that is not supported; replace it, or export the model to ONNX with Keras: model.export("model.onnx", format="onnx")',
  ],
  [
    "a model class of one's own",
    () => layersModel({ class_name: "MyModel", config: {} }),
    "the model is of class MyModel, whose code is not in the file; rebuild it from layers as a Functional or Sequential model",
  ],
  [
    "a kernel of another shape",
    () => single("Conv2D", conv, undefined, { kernel: [3, 3, 5, 3], bias: [3] }),
    'layer "layer" (Conv2D): expected a kernel of [3, 3, 2, 3]; the file has [3, 3, 5, 3]',
  ],
  [
    "a weight that is missing",
    () => single("Conv2D", conv, undefined, { kernel: [3, 3, 2, 3] }),
    'layer "layer" (Conv2D): expected one weight "layer/bias"; the file has "layer/kernel". Save the model again with its weights',
  ],
  [
    "a setting of the wrong kind",
    () => single("Conv2D", { ...conv, padding: "around", use_bias: false }, undefined, { kernel: [3, 3, 2, 3] }),
    'layer "layer" (Conv2D): expected padding to be "valid" or "same"; received "around"',
  ],
  [
    "an activation of one's own",
    () => single("Activation", { activation: { class_name: "function", config: "mine", registered_name: "function" } }),
    'layer "layer" (Activation): its activation "mine" is not supported; known: celu, elu, exponential, gelu, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, swish, tanh',
  ],
  [
    "pictures of no size",
    () => single("Activation", { activation: "relu" }, [null, null, null, 3]),
    'input "x" leaves the size of pictures open; pass { size: ... } in pixels',
  ],
  [
    "a mask",
    () => single("Embedding", { input_dim: 3, output_dim: 2, mask_zero: true }, [null, 4]),
    'layer "layer" (Embedding): masks are not supported; save the model with mask_zero=False and without padding',
  ],
  [
    "a model that runs in a circle",
    () =>
      layersModel({
        class_name: "Functional",
        config: {
          name: "m",
          layers: [
            { class_name: "InputLayer", name: "x", config: { batch_input_shape: [null, 2] }, inbound_nodes: [] },
            {
              class_name: "Add",
              name: "a",
              config: {},
              inbound_nodes: [
                [
                  ["x", 0, 0, {}],
                  ["b", 0, 0, {}],
                ],
              ],
            },
            { class_name: "ReLU", name: "b", config: {}, inbound_nodes: [[["a", 0, 0, {}]]] },
          ],
          input_layers: [["x", 0, 0]],
          output_layers: [["b", 0, 0]],
        },
      }),
    'layer "b" needs its own output',
  ],
];

describe("what cannot be translated is named in one line", () => {
  it.each(cases)("%s", async (_, run, message) => {
    const error = await run().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).toBe(`[backbones/keras] ${message}`);
  });

  it("a shard that is not beside model.json", async () => {
    const folder = mkdtempSync(join(tmpdir(), "graft-keras-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "model.json");
    copyFileSync(golden("tfjs/model.json"), path);
    await expect(kerasModel(path)).rejects.toThrow(
      "[backbones/keras] cannot read the shard group1-shard1of2.bin beside model.json: ENOENT; download all files of the model",
    );
  });
});
