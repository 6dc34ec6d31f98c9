import { fail } from "@graft-ml/core";
import { isJson, isWholeList, type Json } from "./settings.ts";

/** One output of one call of a layer. */
export interface Ref {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A layer as the file describes it. */
export interface LayerConfig {
  readonly name: string;
  readonly className: string;
  readonly config: Json;
  /** The inputs of each of its calls. */
  readonly calls: readonly (readonly Ref[])[];
}

/** A model as the file describes it: layers, and which of their values enter and leave. */
export interface ModelConfig {
  readonly layers: readonly LayerConfig[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/** Whether a class is a model of layers rather than a layer. */
export function isModel(className: string): boolean {
  return ["Functional", "Model", "Sequential"].includes(className);
}

/** Reads the configuration of a Sequential or Functional model, as Keras 2, Keras 3 or TensorFlow.js writes it. */
export function readTopology(where: string, className: string, config: unknown): ModelConfig {
  if (!isModel(className)) {
    throw fail(
      "backbones/keras",
      `${where} is of class ${className}, whose code is not in the file; rebuild it from layers as a Functional or Sequential model`,
    );
  }
  return className === "Sequential" ? readSequential(where, config) : readFunctional(where, config);
}

function readFunctional(where: string, config: unknown): ModelConfig {
  if (!isJson(config) || !Array.isArray(config.layers)) {
    throw fail("backbones/keras", `${where}: expected a list of layers; received ${typeof config}`);
  }
  const layers = (config.layers as readonly unknown[]).map((layer): LayerConfig => {
    const { name, className, config: own, raw } = readLayer(where, layer);
    const nodes = Array.isArray(raw.inbound_nodes) ? (raw.inbound_nodes as readonly unknown[]) : [];
    return {
      name,
      className,
      config: own,
      calls: nodes.map((node) => readCall(`layer "${name}" (${className})`, node)),
    };
  });
  const inputs = refs(config.input_layers);
  const outputs = refs(config.output_layers).map((output) => fromOne(config.layers as readonly unknown[], output));
  if (inputs.length === 0 || outputs.length === 0) {
    throw fail("backbones/keras", `${where}: expected input_layers and output_layers; the file names none`);
  }
  return countedFromZero({ layers, inputs, outputs });
}

/** Keras 3 counts a nested Functional's calls from 0, but from 1 where they are the model's outputs. */
function fromOne(layers: readonly unknown[], output: Ref): Ref {
  const layer = layers.filter(isJson).find(({ name }) => name === output.layer);
  const three = Array.isArray(layer?.inbound_nodes) && isJson(layer.inbound_nodes[0]);
  return three && layer.class_name === "Functional" ? { ...output, call: output.call - 1 } : output;
}

/** Keras 2 counts a nested model's calls from 1 where its own making was the call before; here all count from 0. */
function countedFromZero(model: ModelConfig): ModelConfig {
  const all = [...model.layers.flatMap(({ calls }) => calls.flat()), ...model.outputs];
  const shifted = new Set(
    model.layers
      .filter(({ className, name, calls }) => {
        const own = all.filter(({ layer }) => layer === name).map(({ call }) => call);
        return isModel(className) && Math.max(...own) === calls.length && !own.includes(0);
      })
      .map(({ name }) => name),
  );
  if (shifted.size === 0) return model;
  const shift = (ref: Ref): Ref => (shifted.has(ref.layer) ? { ...ref, call: ref.call - 1 } : ref);
  return {
    inputs: model.inputs,
    outputs: model.outputs.map(shift),
    layers: model.layers.map((layer) => ({ ...layer, calls: layer.calls.map((refs) => refs.map(shift)) })),
  };
}

function readSequential(where: string, config: unknown): ModelConfig {
  const list = isJson(config) ? config.layers : config;
  if (!Array.isArray(list) || list.length === 0) {
    throw fail("backbones/keras", `${where}: expected a list of layers; received ${typeof list}`);
  }
  const read = list.map((layer) => readLayer(where, layer));
  if (read[0]!.className !== "InputLayer") {
    const first = read[0]!.config;
    const shape =
      first.batch_input_shape ?? first.batch_shape ?? (isJson(config) ? config.build_input_shape : undefined);
    const dtype = first.batch_input_shape === undefined ? undefined : first.dtype;
    const entry = { batch_shape: shape, dtype: read[0]!.className === "Embedding" ? "int32" : dtype };
    read.unshift({ name: "input", className: "InputLayer", config: entry, raw: {} });
  }
  const layers = read.map(({ name, className, config: own }, i): LayerConfig => {
    const from = read[i - 1]?.name;
    return { name, className, config: own, calls: [from === undefined ? [] : [{ layer: from, call: 0, output: 0 }]] };
  });
  const end = (layer: LayerConfig): readonly Ref[] => [{ layer: layer.name, call: 0, output: 0 }];
  return { layers, inputs: end(layers[0]!), outputs: end(layers.at(-1)!) };
}

function readLayer(where: string, layer: unknown) {
  if (!isJson(layer) || typeof layer.class_name !== "string" || !isJson(layer.config)) {
    if (isJson(layer) && layer.class_name === "Sequential" && Array.isArray(layer.config)) {
      return {
        name: String(layer.name ?? "sequential"),
        className: "Sequential",
        config: { layers: layer.config },
        raw: layer,
      };
    }
    throw fail(
      "backbones/keras",
      `${where}: expected class_name and config of every layer; received ${JSON.stringify(layer)?.slice(0, 80)}`,
    );
  }
  const name = layer.name ?? layer.config.name;
  if (typeof name !== "string" || name === "") {
    throw fail("backbones/keras", `${where}: a layer of class ${layer.class_name} has no name`);
  }
  return { name, className: layer.class_name, config: layer.config, raw: layer };
}

/** One entry of `inbound_nodes`: Keras 2 and TensorFlow.js list `[layer, call, output, arguments]`, Keras 3 keeps the call's arguments. */
function readCall(where: string, node: unknown): readonly Ref[] {
  if (isJson(node)) {
    checkArguments(where, node.kwargs);
    return tensorsOf(where, node.args);
  }
  const list = Array.isArray(node) && typeof node[0] === "string" ? [node] : node;
  if (!Array.isArray(list)) throw fail("backbones/keras", `${where}: cannot read the inputs ${JSON.stringify(node)}`);
  return list.map((entry: unknown) => {
    checkArguments(where, Array.isArray(entry) ? entry[3] : undefined);
    return ref(where, entry);
  });
}

function tensorsOf(where: string, value: unknown): Ref[] {
  if (Array.isArray(value)) return value.flatMap((entry) => tensorsOf(where, entry));
  if (isJson(value) && value.class_name === "__keras_tensor__" && isJson(value.config)) {
    return [ref(where, value.config.keras_history)];
  }
  throw fail(
    "backbones/keras",
    `${where}: the argument ${JSON.stringify(value)?.slice(0, 80)} of its call is not supported`,
  );
}

/** A call may say that it does not train and has no mask; what would change its result is refused. */
function checkArguments(where: string, kwargs: unknown): void {
  if (!isJson(kwargs)) return;
  for (const [key, value] of Object.entries(kwargs)) {
    if (value === null || value === false) continue;
    throw fail(
      "backbones/keras",
      `${where}: it is called with ${key}=${JSON.stringify(value)?.slice(0, 80)}, which is not supported; call it without`,
    );
  }
}

function ref(where: string, entry: unknown): Ref {
  if (Array.isArray(entry) && typeof entry[0] === "string" && isWholeList(entry.slice(1, 3)) && entry.length >= 3) {
    return { layer: entry[0], call: entry[1] as number, output: entry[2] as number };
  }
  throw fail(
    "backbones/keras",
    `${where}: expected [layer, call, output]; received ${JSON.stringify(entry)?.slice(0, 80)}`,
  );
}

/** Inputs or outputs of a model: one reference, or a list or record of them. */
function refs(value: unknown): Ref[] {
  if (Array.isArray(value) && typeof value[0] === "string") return [ref("the model", value)];
  if (Array.isArray(value)) return value.flatMap(refs);
  return isJson(value) ? Object.values(value).flatMap(refs) : [];
}
