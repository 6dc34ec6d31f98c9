import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type AdapterPlan,
  type Backbone,
  fail,
  fromBarrel,
  type Graph,
  type Head,
  type Preprocessing,
  seededRandom,
  type TargetSpec,
  type Tensor,
  type Tensors,
} from "@graft-ml/core";
import { readSafetensors, writeAtomically, writeSafetensors } from "@graft-ml/data";
import * as heads from "@graft-ml/heads";
import { attachHead } from "@graft-ml/trainers";
import manifest from "../../package.json" with { type: "json" };
import { wholeModel, withValues } from "../model.ts";
import { type AdaptedBackbone, type AdapterBarrel, attachAdapters, mergeAdapters } from "./attach-adapters.ts";

/** What an adapter file holds: all that training changed, and what it was put on. */
export interface AdapterContent {
  /** The pretrained model, without adapters. */
  readonly backbone: Backbone<Preprocessing>;
  readonly adapters: readonly AdapterPlan[];
  readonly head: Head;
  readonly targets: TargetSpec;
  /** Values of `adapter.*` and `head.*`, and of whatever else was trained. */
  readonly values: Tensors;
  /** Softmax temperature. Default: 1. */
  readonly temperature?: number;
}

/** An adapter file together with the backbone that it belongs to. */
export interface LoadedAdapter extends Required<AdapterContent> {
  readonly adapted: AdaptedBackbone;
  /** The whole model, samples to predictions, with the adapters as parts of the graph. */
  attached(): Graph;
  /** The whole model with the adapters added into the weights, as far as they can be. */
  merged(): Graph;
}

/** How an adapter file is read. */
export interface LoadAdapterOptions {
  /** Default: the head that the file names, with its default options. */
  readonly head?: Head;
  /** Where adapters are found by name. Default: those of `@graft-ml/freezing`. */
  readonly adapters?: AdapterBarrel;
}

const WHERE = "graft/adapter";
const FORMAT = "graft-adapter-1";
const FILE_LIMIT = 2 ** 31 - 1;

/** The bytes of an adapter file: a safetensors file whose metadata name the backbone, its weights and the adapters' options. */
export function adapterBytes({
  backbone,
  adapters,
  head,
  targets,
  values,
  temperature = 1,
}: AdapterContent): Uint8Array {
  return writeSafetensors(values, {
    format: FORMAT,
    graft: manifest.version,
    backbone: backbone.card.id,
    sha256: backbone.card.sha256,
    weights: weightsHash(backbone.graph),
    adapters: JSON.stringify(adapters),
    head: head.name,
    classes: JSON.stringify(targets.classes),
    temperature: JSON.stringify(temperature),
  });
}

/** Writes an adapter file atomically. */
export async function saveAdapter(file: string, content: AdapterContent): Promise<void> {
  await writeAtomically(resolve(file), adapterBytes(content));
}

/** Reads an adapter file for a backbone; one of other weights, with missing or wrong values, or damaged is refused. */
export async function loadAdapter(
  file: string,
  backbone: Backbone<Preprocessing>,
  options: LoadAdapterOptions = {},
): Promise<LoadedAdapter> {
  const path = resolve(file);
  const { tensors: values, metadata } = await readTensors(path);
  if (metadata.format !== FORMAT) {
    throw fail(WHERE, `expected an adapter file of format ${FORMAT}; received ${metadata.format ?? "none"} in ${path}`);
  }
  checkBackbone(path, backbone, metadata);
  const described = describedBy(path, metadata);
  const head = options.head ?? fromBarrel<Head>(WHERE, "head", heads, metadata.head ?? "linear");
  const targets = { classes: described.classes };
  const adapted = attachAdapters(backbone, described.adapters, 0, options.adapters);
  const { card } = backbone;
  const headed = attachHead(adapted.backbone.graph, card.features, head, targets, seededRandom(0));
  const added = [...adapted.attached.flatMap(({ parameters }) => parameters), ...headed.parameters];
  checkValues(path, values, headed.graph, added);
  const headValues = Object.fromEntries(headed.parameters.map((name) => [name, values[name]!]));
  const { temperature } = described;
  const whole = (with_: Backbone<Preprocessing>): Graph => wholeModel(with_, head, targets, headValues, temperature);
  return {
    backbone,
    adapters: described.adapters,
    head,
    targets,
    values,
    temperature,
    adapted,
    attached: () => whole({ ...backbone, graph: withValues(adapted.backbone.graph, values) }),
    merged: () => whole(mergeAdapters(adapted, values).backbone),
  };
}

/** sha256 over names, types, shapes and bytes of all initializers: the same weights in another file have the same. */
export function weightsHash({ initializers }: Graph): string {
  const hash = createHash("sha256");
  for (const [name, { dtype, dims, data }] of [...initializers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, dtype, dims]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

async function readTensors(path: string): Promise<ReturnType<typeof readSafetensors>> {
  const found = await stat(path).catch((cause) => {
    throw fail(WHERE, `there is no adapter file ${path}`, { cause });
  });
  if (found.size > FILE_LIMIT) throw fail(WHERE, `${path} is larger than ${FILE_LIMIT} bytes`);
  try {
    return readSafetensors(await readFile(path));
  } catch (cause) {
    throw fail(WHERE, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function checkBackbone(
  path: string,
  { card, graph }: Backbone<Preprocessing>,
  { backbone = "unknown", weights = "unknown" }: Readonly<Record<string, string>>,
): void {
  const own = weightsHash(graph);
  if (weights === own) return;
  throw fail(
    WHERE,
    backbone === card.id
      ? `${path} belongs to "${backbone}" with other weights: expected ${short(weights)}; received ${short(own)}. Load the weights that it was trained on`
      : `${path} belongs to "${backbone}"; received "${card.id}". Load that backbone`,
  );
}

interface Described {
  readonly adapters: readonly AdapterPlan[];
  readonly classes: readonly string[];
  readonly temperature: number;
}

function describedBy(path: string, metadata: Readonly<Record<string, string>>): Described {
  const parsed = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "null");
    } catch (cause) {
      throw fail(WHERE, `${path} is damaged: its "${key}" is not JSON`, { cause });
    }
  };
  const [adapters, classes, temperature] = ["adapters", "classes", "temperature"].map(parsed);
  const isText = (value: unknown): boolean => typeof value === "string";
  const isEntry = (value: unknown): boolean => {
    const { adapter, groups, options } = (value ?? {}) as Partial<AdapterPlan>;
    const plain = typeof options === "object" && options !== null && !Array.isArray(options);
    return isText(adapter) && Array.isArray(groups) && groups.every(isText) && plain;
  };
  if (!Array.isArray(adapters) || !adapters.every(isEntry))
    throw fail(WHERE, `${path} is damaged: expected "adapters" to list adapters with groups and options`);
  if (!Array.isArray(classes) || classes.length === 0 || !classes.every(isText))
    throw fail(WHERE, `${path} is damaged: expected "classes" to list the names of classes`);
  if (typeof temperature !== "number" || !(temperature > 0))
    throw fail(WHERE, `${path} is damaged: expected "temperature" to be a number above 0`);
  return { adapters: adapters as AdapterPlan[], classes: classes as string[], temperature };
}

/** Every value has a place of its shape, and every place that training made has a value. */
function checkValues(path: string, values: Tensors, { initializers }: Graph, added: readonly string[]): void {
  const kind = (tensor: Tensor | undefined): string =>
    tensor === undefined ? "none" : `${tensor.dtype} [${tensor.dims.join(", ")}]`;
  for (const name of new Set([...added, ...Object.keys(values)])) {
    const [wanted, found] = [
      kind(initializers.get(name)),
      kind(Object.hasOwn(values, name) ? values[name] : undefined),
    ];
    if (wanted !== found) throw fail(WHERE, `expected "${name}" as ${wanted}; received ${found} in ${path}`);
  }
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
