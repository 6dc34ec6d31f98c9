import { type Attribute, fail, type Graph, type Tensor, type Value } from "@graft-ml/core";
import { dropDead, graphBuilder, type OpenGraph } from "@graft-ml/graph";
import { declareInput, type InputSize } from "./inputs.ts";
import { type Held, type LayerContext, type Literal, moved, plain } from "./layer.ts";
import { layers as known } from "./layers/index.ts";
import { settings } from "./settings.ts";
import type { FindWeights, KerasSource, LayerSite } from "./source.ts";
import { isModel, type LayerConfig, type ModelConfig, type Ref, readTopology } from "./topology.ts";

/** What the translation of one model shares. */
export interface Translation {
  readonly g: OpenGraph;
  readonly weightsOf: FindWeights;
  readonly legacy: boolean;
  readonly parameters: Map<string, Value>;
  readonly weights: Map<string, Tensor>;
}

/** The whole model as a graph, its outputs named after their layers. */
export function translateModel(source: KerasSource, size: InputSize): Graph {
  const g = graphBuilder();
  const className = String(source.topology.class_name);
  const model = readTopology("the model", className, source.topology.config);
  const legacy = !/^([3-9]|\d\d)/.test(source.version);
  const t: Translation = { g, weightsOf: source.weights, legacy, parameters: new Map(), weights: new Map() };
  const pictures = !JSON.stringify(source.topology).includes('"channels_first"');
  const inputs = model.inputs.map(({ layer }) => declareInput(g, layerOf(model, layer), size, pictures));
  const outputs = callModel(t, model, inputs, [], "layers");
  const names = outputNames(model);
  const values = outputs.map((held, i) => {
    const c = context(t, { path: [names[i]!], group: "", where: `output "${names[i]}"` }, model.layers[0]!, []);
    if (held.flattened !== undefined) return plain(c, held).value;
    return (pictures && held.value.dims.length === 4 ? moved(c, held) : held).value;
  });
  return renamed(dropDead(g.finish(values)), names, `Keras ${source.version}`);
}

/** Runs a model's layers on inputs; a nested model is one whose names start with its own. */
function callModel(
  t: Translation,
  model: ModelConfig,
  inputs: readonly Held[],
  path: readonly string[],
  group: string,
): readonly Held[] {
  const groups = weightGroups(model.layers, group);
  const done = new Map<string, readonly Held[]>();
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const key = ({ layer, call }: Ref) => `${call} ${layer}`;
  if (inputs.length !== model.inputs.length) {
    throw fail(
      "backbones/keras",
      `model "${path.join("/")}" takes ${model.inputs.length} inputs; its call gives ${inputs.length}`,
    );
  }
  model.inputs.forEach((input, i) => {
    done.set(key(input), [inputs[i]!]);
  });
  const waiting = new Set<string>();
  // Depth first with a stack of its own, as networks may be deeper than the language's.
  const stack: Ref[] = [...model.outputs].reverse();
  while (stack.length > 0) {
    const ref = stack.at(-1)!;
    const id = key(ref);
    const layer = layers.get(ref.layer);
    const from = layer?.calls[ref.call];
    if (layer !== undefined && from === undefined && !done.has(id)) {
      throw fail("backbones/keras", `layer "${ref.layer}" has no call ${ref.call}, which another layer needs`);
    }
    if (layer === undefined)
      throw fail("backbones/keras", `the model has no layer "${ref.layer}", which another needs`);
    const missing = done.has(id) ? [] : from!.filter((input) => !done.has(key(input)));
    if (missing.length > 0) {
      if (waiting.has(id)) throw fail("backbones/keras", `layer "${layer.name}" needs its own output`);
      waiting.add(id);
      stack.push(...missing.reverse());
      continue;
    }
    stack.pop();
    waiting.delete(id);
    if (done.has(id)) continue;
    const operands = from!.map((input) => outputOf(done.get(key(input))!, input));
    const site: LayerSite = {
      path: [...path, layer.name],
      group: groups.get(layer.name)!,
      where: `layer "${[...path, layer.name].join("/")}" (${layer.className})`,
    };
    done.set(id, callLayer(t, layer, site, operands));
  }
  return model.outputs.map((output) => outputOf(done.get(key(output))!, output));
}

function callLayer(t: Translation, layer: LayerConfig, site: LayerSite, inputs: readonly Held[]): readonly Held[] {
  if (isModel(layer.className)) {
    const inner = readTopology(site.where, layer.className, layer.config);
    return callModel(t, inner, inputs, site.path, `${site.group}/layers`);
  }
  if (layer.className === "Lambda" || /Lambda$/.test(layer.className)) {
    throw fail("backbones/keras", `${site.where} holds Python code, which is not run; replace it by layers`);
  }
  if (!Object.hasOwn(known, layer.className)) {
    throw fail(
      "backbones/keras",
      `${site.where} is of a class that is not supported; replace it, or export the model to ONNX with Keras: model.export("model.onnx", format="onnx")`,
    );
  }
  return [known[layer.className]!(context(t, site, layer, inputs))];
}

/** What the translation of one call of a layer sees. */
export function context(t: Translation, site: LayerSite, layer: LayerConfig, inputs: readonly Held[]): LayerContext {
  const { g } = t;
  const prefix = site.path.join(":");
  return {
    g,
    settings: settings(site.where, layer.config),
    inputs,
    className: layer.className,
    legacy: t.legacy,
    weights: (roles) => {
      const missing = roles.filter((role) => !t.weights.has(`${site.path.join("/")} ${role}`));
      if (missing.length > 0) {
        const found = t.weightsOf(site, roles);
        for (const [i, role] of roles.entries()) t.weights.set(`${site.path.join("/")} ${role}`, found[i]!);
      }
      return roles.map((role) => t.weights.get(`${site.path.join("/")} ${role}`)!);
    },
    parameter(role, tensor, form = "") {
      const name = `${prefix}/${role}`;
      const known = t.parameters.get(`${name} ${form}`);
      if (known !== undefined) return known;
      const made = g.parameter(g.fresh(name), tensor());
      t.parameters.set(`${name} ${form}`, made);
      return made;
    },
    op(op, operands, attributes = {}) {
      const name = g.fresh(`${prefix}/${op}`);
      const inputNames = operands.map((operand) => operand?.name ?? "");
      while (inputNames.at(-1) === "") inputNames.pop();
      g.append({ name, op, domain: "", inputs: inputNames, outputs: [name], attributes: typed(attributes) });
      return g.value(name);
    },
    fail: (message) => fail("backbones/keras", `${site.where}: ${message}`),
  };
}

function typed(attributes: Readonly<Record<string, Literal>>): Readonly<Record<string, Attribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]): [string, Attribute] => {
      if (typeof value === "number") return [key, { type: "int", value }];
      if (typeof value === "string") return [key, { type: "string", value }];
      return [key, "float" in value ? { type: "float", value: Math.fround(value.float) } : { type: "ints", value }];
    }),
  );
}

function outputOf(outputs: readonly Held[], { layer, output }: Ref): Held {
  const found = outputs[output];
  if (found === undefined)
    throw fail("backbones/keras", `layer "${layer}" has no output ${output}, which another needs`);
  return found;
}

function layerOf(model: ModelConfig, name: string): LayerConfig {
  const layer = model.layers.find((candidate) => candidate.name === name);
  if (layer === undefined)
    throw fail("backbones/keras", `the model has no layer "${name}", which it names as an input`);
  return layer;
}

/** The archive's group of each layer: its class's name in snake case, counted where there are more. */
function weightGroups(layers: readonly LayerConfig[], group: string): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  return new Map(
    layers.map(({ name, className }) => {
      const snake = className
        .replace(/\W+/g, "")
        .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
        .replace(/([a-z])([A-Z])/g, "$1_$2")
        .toLowerCase();
      const count = counts.get(snake) ?? 0;
      counts.set(snake, count + 1);
      return [name, `${group}/${count === 0 ? snake : `${snake}_${count}`}`];
    }),
  );
}

function outputNames(model: ModelConfig): readonly string[] {
  const counts = new Map<string, number>();
  return model.outputs.map(({ layer }) => {
    const count = counts.get(layer) ?? 0;
    counts.set(layer, count + 1);
    return count === 0 ? layer : `${layer}.${count}`;
  });
}

/** Gives the outputs their layers' names; what is no node's own output passes through an Identity. */
export function renamed(graph: Graph, names: readonly string[], source: string): Graph {
  const taken = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const renames = new Map<string, string>();
  const copies: { from: string; to: string }[] = [];
  graph.outputs.forEach(({ name }, i) => {
    const to = taken.has(names[i]!) ? `${names[i]}/output` : names[i]!;
    if (taken.has(name) || renames.has(name)) copies.push({ from: name, to });
    else renames.set(name, to);
  });
  const rename = (name: string) => renames.get(name) ?? name;
  return {
    ...graph,
    name: "keras",
    outputs: graph.outputs.map((output, i) => ({
      ...output,
      name: taken.has(names[i]!) ? `${names[i]}/output` : names[i]!,
    })),
    nodes: [
      ...graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) })),
      ...copies.map(({ from, to }) => ({
        name: to,
        op: "Identity",
        domain: "",
        inputs: [rename(from)],
        outputs: [to],
        attributes: {},
      })),
    ],
    metadata: { source, layout: "NCHW" },
  };
}
