import { fail, fromBytes, halfToFloat, sizeOf, type Tensor } from "@graft-ml/core";
import { modelTopology } from "./parse.ts";
import { isJson, isWholeList, type Json } from "./settings.ts";
import { asFloat32, byName, type KerasSource } from "./source.ts";

/** Reads a shard that a `model.json` names. */
export type ReadShard = (path: string) => Promise<Uint8Array>;

const TYPES = { float32: "float32", int32: "int32", uint8: "uint8", bool: "bool", float16: "float16" } as const;

/** Opens a TensorFlow.js LayersModel: `model.json` and its shards. */
export async function openLayersModel(
  where: string,
  model: Json,
  readShard: ReadShard,
  topology: unknown,
): Promise<KerasSource> {
  const own = topology ?? model.modelTopology ?? undefined;
  if (own === undefined) {
    throw fail("backbones/keras", `${where} holds weights alone; pass { topology: ... } (model.to_json() in Keras)`);
  }
  const weights = await readManifest(where, model.weightsManifest, readShard);
  const described = isJson(model.modelTopology) ? model.modelTopology.keras_version : undefined;
  return {
    topology: modelTopology(where, own),
    version: typeof described === "string" ? described : "2",
    weights: byName([...weights.keys()], (name) => weights.get(name)!),
    close: () => {},
  };
}

/** Every tensor of a weights manifest by name, as float32. */
export async function readManifest(
  where: string,
  manifest: unknown,
  readShard: ReadShard,
): Promise<ReadonlyMap<string, Tensor>> {
  if (!Array.isArray(manifest)) throw fail("backbones/keras", `${where} has no weightsManifest`);
  const tensors = new Map<string, Tensor>();
  for (const group of manifest as readonly unknown[]) {
    if (!isJson(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw fail("backbones/keras", `${where}: expected paths and weights in every group of weightsManifest`);
    }
    const shards: Uint8Array[] = [];
    for (const path of group.paths as readonly unknown[]) {
      if (typeof path !== "string" || !/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split("/").includes("..")) {
        throw fail("backbones/keras", `${where}: the shard ${JSON.stringify(path)} lies outside the model's folder`);
      }
      shards.push(await readShard(path));
    }
    const bytes = Buffer.concat(shards);
    let offset = 0;
    for (const weight of group.weights as readonly unknown[]) {
      const { name, tensor, end } = readWeight(where, weight, bytes, offset);
      tensors.set(name, tensor);
      offset = end;
    }
    if (offset !== bytes.length) {
      throw fail(
        "backbones/keras",
        `${where}: the shards ${(group.paths as string[]).join(", ")} hold ${bytes.length} bytes; their weights need ${offset}. Download them again`,
      );
    }
  }
  return tensors;
}

function readWeight(where: string, weight: unknown, bytes: Uint8Array, offset: number) {
  const { name, shape, dtype, quantization } = isJson(weight) ? weight : {};
  if (typeof name !== "string" || !isWholeList(shape) || typeof dtype !== "string") {
    throw fail("backbones/keras", `${where}: expected name, shape and dtype of every weight of weightsManifest`);
  }
  const stored = isJson(quantization) ? quantization : { dtype };
  const type = stored.dtype === "uint16" ? "uint16" : TYPES[stored.dtype as keyof typeof TYPES];
  if (type === undefined || (dtype !== "float32" && isJson(quantization))) {
    throw fail("backbones/keras", `${where}: weight "${name}" is ${String(stored.dtype)}, which is not supported`);
  }
  const width = { float32: 4, int32: 4, uint8: 1, bool: 1, float16: 2, uint16: 2 }[type];
  const end = offset + sizeOf(shape) * width;
  if (end > bytes.length) {
    throw fail(
      "backbones/keras",
      `${where}: the shards end at byte ${bytes.length}, inside weight "${name}" (bytes ${offset} to ${end}). Download them again`,
    );
  }
  const data = fromBytes(type, bytes.subarray(offset, end));
  const { scale, min } = stored;
  if (isJson(quantization) && type !== "float16") {
    if (typeof scale !== "number" || typeof min !== "number") {
      throw fail("backbones/keras", `${where}: weight "${name}" lacks the scale and min of its quantization`);
    }
    return {
      name,
      end,
      tensor: asFloat32(
        shape,
        Float32Array.from(data as Uint8Array, (v) => v * scale + min),
      ),
    };
  }
  const values = type === "float16" ? Float32Array.from(data as Uint16Array, halfToFloat) : data;
  return { name, end, tensor: asFloat32(shape, values) };
}
