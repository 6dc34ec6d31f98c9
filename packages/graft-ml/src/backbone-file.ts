import { readFile } from "node:fs/promises";
import { type FileCard, type KerasFileOptions, kerasFile, onnxFile } from "@graft-ml/backbones/sources";
import {
  type BackboneSource,
  fail,
  type ImagePreprocessing,
  onlyOptions,
  type PlainOptions,
  type Preprocessing,
} from "@graft-ml/core";
import { besideModel } from "./external-files.ts";

/** Endings of files that are models. */
const ENDINGS = { onnx: [".onnx"], keras: [".keras", ".h5", ".hdf5", ".json"] } as const;
const PICTURES = ["mean", "std", "size", "layout", "channels", "crop", "interpolation"] as const;
const TEXTS = ["maxTokens", "padId", "mask"] as const;
const OWN = ["input", "features", "includeTop", "pooling", "tokenizer", "topology", "title", "licence"] as const;

/** Whether a path names a model of Keras or TensorFlow.js. */
export function isKerasFile(path: string): boolean {
  return ENDINGS.keras.some((ending) => path.toLowerCase().endsWith(ending));
}

/**
 * A model's file as a backbone: `.onnx`, `.keras`, `.h5`, or the `model.json` of TensorFlow.js. Options are plain: `mean` and `std` of
 * pixels 0..255 (three numbers, or one for all channels), `size`, `layout`, `channels`, `crop`, `interpolation`; of texts `tokenizer`
 * (a path), `maxTokens`, `padId`, `mask`; `pooling`, `input`, `features`, `includeTop`; `topology` (a path) of Keras weights alone.
 */
export function backboneFile(path: string, options: PlainOptions = {}): BackboneSource<Preprocessing> {
  const where = "backbones/file";
  onlyOptions(where, options, [...PICTURES, ...TEXTS, ...OWN]);
  const isOnnx = ENDINGS.onnx.some((ending) => path.toLowerCase().endsWith(ending));
  if (!isOnnx && !isKerasFile(path)) {
    const known = Object.values(ENDINGS).flat().join(", ");
    throw fail(where, `expected a model's file, one of ${known}; received ${JSON.stringify(path)}`);
  }
  const { includeTop = false, pooling, topology } = options;
  if (typeof includeTop !== "boolean")
    throw fail(where, `expected includeTop to be true or false; received ${JSON.stringify(includeTop)}`);
  const features = text(where, options, "features");
  const tokenizer = text(where, options, "tokenizer");
  const ending: KerasFileOptions = {
    includeTop,
    ...(features !== undefined && { features }),
    ...(tokenizer !== undefined && { tokenizer }),
    ...(pooling === "avg" && { pooling }),
    ...(pooling === "max" && { pooling }),
  };
  const card = cardOf(where, options);
  if (isOnnx) {
    if (topology !== undefined)
      throw fail(where, `${JSON.stringify(path)} brings its topology. Leave the option topology out`);
    return onnxFile(path, card, { ...ending, external: besideModel(path) });
  }
  const file = text(where, options, "topology");
  if (file === undefined) return kerasFile(path, card, ending);
  const source = kerasFile(path, card, ending);
  return {
    ...source,
    async load() {
      const json = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
        throw fail(where, `cannot read the topology ${file}: ${cause.code}. Check the path`, { cause });
      });
      return kerasFile(path, card, { ...ending, topology: json }).load();
    },
  };
}

function cardOf(where: string, options: PlainOptions): FileCard {
  const pixels = (name: "mean" | "std") => ({ [name]: perChannel(where, options, name) });
  const given = [...PICTURES, ...TEXTS].filter((name) => options[name] !== undefined);
  const preprocessing = {
    ...Object.fromEntries(given.map((name) => [name, options[name]])),
    ...(options.mean !== undefined && pixels("mean")),
    ...(options.std !== undefined && pixels("std")),
    ...(options.pooling !== undefined && { pooling: options.pooling }),
  };
  check(where, options, "size", positive, "a positive integer, height and width in pixels");
  check(where, options, "maxTokens", positive, "a positive integer");
  check(where, options, "padId", (value) => value === 0 || positive(value), "the id of a token");
  check(where, options, "crop", (value) => typeof value === "number" && value > 0 && value <= 1, "a number in (0, 1]");
  check(where, options, "layout", oneOf(LAYOUTS), `one of ${LAYOUTS.join(", ")}`);
  check(where, options, "channels", oneOf(CHANNELS), `one of ${CHANNELS.join(", ")}`);
  check(where, options, "interpolation", oneOf(INTERPOLATIONS), `one of ${INTERPOLATIONS.join(", ")}`);
  check(where, options, "pooling", oneOf(POOLINGS), `one of ${POOLINGS.join(", ")}`);
  const names = (["input", "title", "licence"] as const).flatMap((name) => {
    const value = text(where, options, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(names), preprocessing } as FileCard;
}

const LAYOUTS: readonly ImagePreprocessing["layout"][] = ["NCHW", "NHWC"];
const CHANNELS: readonly ImagePreprocessing["channels"][] = ["RGB", "BGR"];
const INTERPOLATIONS: readonly ImagePreprocessing["interpolation"][] = ["bicubic", "bilinear", "nearest", "lanczos3"];
const POOLINGS = ["avg", "max", "mean", "cls", "last", "none"];

function perChannel(where: string, options: PlainOptions, name: string): readonly number[] {
  const value = options[name];
  const three = typeof value === "number" ? [value, value, value] : value;
  if (!Array.isArray(three) || three.length !== 3 || !three.every((each) => Number.isFinite(each)))
    throw fail(
      where,
      `expected ${name} to be three numbers, or one for all channels; received ${JSON.stringify(value)}`,
    );
  return three;
}

function check(
  where: string,
  options: PlainOptions,
  name: string,
  is: (value: unknown) => boolean,
  what: string,
): void {
  const value = options[name];
  if (value !== undefined && !is(value))
    throw fail(where, `expected ${name} to be ${what}; received ${JSON.stringify(value)}`);
}

function positive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function oneOf(words: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === "string" && words.includes(value);
}

function text(where: string, options: PlainOptions, name: string): string | undefined {
  check(where, options, name, (value) => typeof value === "string" && value !== "", "a text");
  return options[name] as string | undefined;
}
