import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail, type Graph } from "@graft-ml/core";
import { openArchive } from "./archive.ts";
import { graphModel } from "./graph-model.ts";
import type { InputSize } from "./inputs.ts";
import { openLayersModel, type ReadShard } from "./layers-model.ts";
import { openLegacyH5 } from "./legacy-h5.ts";
import { parseObject } from "./parse.ts";
import { isJson, type Json } from "./settings.ts";
import type { KerasSource } from "./source.ts";
import { translateModel } from "./translate.ts";

/** How a Keras model is read. */
export interface KerasOptions {
  /** Side of the pictures in pixels, or height and width, where the model leaves them open. Default: the model's own. */
  readonly size?: number | readonly [number, number];
  /** The model's configuration, where the file holds weights alone: what `model.to_json()` gives. Default: the file's own. */
  readonly topology?: string | Readonly<Record<string, unknown>>;
  /** Reads a shard of a `model.json` that is given as bytes. Default: files beside `model.json`. */
  readonly readShard?: (path: string) => Promise<Uint8Array>;
}

/**
 * Translates a Keras model to a graph, pictures `[batch, channels, height, width]` at its inputs and outputs whatever the layout in
 * Keras: a `.keras` archive, a legacy `.h5` file or the `model.json` of a TensorFlow.js LayersModel or GraphModel, as a path or as bytes.
 */
export async function kerasModel(file: string | Uint8Array, options: KerasOptions = {}): Promise<Graph> {
  return (await openKerasModel(file, options)).graph;
}

/** A translated model, and what it was read from. */
export interface OpenedModel {
  readonly graph: Graph;
  /** What the model calls itself, where its configuration says it. */
  readonly name?: string;
  /** The files' size, all shards included. */
  readonly bytes: number;
  /** The file's hash in hexadecimal; of a `model.json` with shards, the hash of all one after another, and of a topology given. */
  readonly sha256: string;
}

/** Translates a Keras model as `kerasModel` does, and says what it was read from. */
export async function openKerasModel(file: string | Uint8Array, options: KerasOptions = {}): Promise<OpenedModel> {
  const size = typeof options.size === "number" ? ([options.size, options.size] as const) : options.size;
  if (size?.some((pixels) => !Number.isSafeInteger(pixels) || pixels < 1)) {
    throw fail("backbones/keras", `expected size to be whole pixels; received ${JSON.stringify(options.size)}`);
  }
  const whole = typeof file === "string" ? await readWhole(file) : file;
  const hash = createHash("sha256").update(whole);
  let bytes = whole.byteLength;
  const readShard = options.readShard ?? (typeof file === "string" ? besides(file) : noShards);
  const counted: ReadShard = async (path) => {
    const shard = await readShard(path);
    hash.update(shard);
    bytes += shard.byteLength;
    return shard;
  };
  const where = typeof file === "string" ? basename(file) : "the model";
  const source = await open(where, whole, { ...options, readShard: counted }, size);
  if (options.topology !== undefined) hash.update(JSON.stringify(options.topology));
  const read = { bytes, sha256: hash.digest("hex") };
  if ("nodes" in source) return { graph: source, ...read };
  try {
    const { config } = source.topology;
    const name = isJson(config) && typeof config.name === "string" ? { name: config.name } : {};
    return { graph: translateModel(source, size), ...name, ...read };
  } finally {
    source.close();
  }
}

async function open(
  where: string,
  bytes: Uint8Array,
  options: KerasOptions & { readonly readShard: ReadShard },
  size: InputSize,
): Promise<KerasSource | Graph> {
  const topology =
    typeof options.topology === "string" ? parseObject("the topology given", options.topology) : options.topology;
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  if (start.startsWith("PK")) return openArchive(where, bytes);
  if (start.startsWith("\x89HDF\r\n\x1a\n")) return openLegacyH5(where, bytes, topology);
  if (/^(\xef\xbb\xbf)?\s*\{/.test(start)) {
    const model = parseObject(where, new TextDecoder().decode(bytes));
    if (isGraphModel(model)) return graphModel(where, model, options.readShard, size);
    return openLayersModel(where, model, options.readShard, topology);
  }
  throw fail(
    "backbones/keras",
    `${where} is neither a .keras archive, an .h5 file nor a model.json (${bytes.length} bytes); download or save it again`,
  );
}

function isGraphModel({ format, modelTopology }: Json): boolean {
  return format === "graph-model" || (isJson(modelTopology) && Array.isArray(modelTopology.node));
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fail("backbones/keras", `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

function besides(model: string): ReadShard {
  return async (path) => {
    try {
      return await readFile(join(dirname(model), path));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw fail(
        "backbones/keras",
        `cannot read the shard ${path} beside ${basename(model)}: ${code}; download all files of the model`,
        { cause },
      );
    }
  };
}

async function noShards(path: string): Promise<never> {
  throw fail("backbones/keras", `model.json needs the shard ${path}; pass { readShard: ... } or a path`);
}
