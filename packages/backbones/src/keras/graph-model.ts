import { fail, type Graph, type Tensor } from "@graft-ml/core";
import { dropDead, graphBuilder } from "@graft-ml/graph";
import { bareName, type DefNode, readNodes } from "./graph-def.ts";
import { type Known, nodes as known, type NodeContext } from "./graph-nodes.ts";
import { declareInput, type InputSize } from "./inputs.ts";
import { type Held, moved, plain } from "./layer.ts";
import { layers } from "./layers/index.ts";
import { type ReadShard, readManifest } from "./layers-model.ts";
import { isJson, type Json } from "./settings.ts";
import { context, renamed, type Translation } from "./translate.ts";

/** Translates a TensorFlow.js GraphModel: TensorFlow's own operators, pictures channels last, to a graph with channels first. */
export async function graphModel(where: string, model: Json, readShard: ReadShard, size: InputSize): Promise<Graph> {
  const list = readNodes(where, model.modelTopology);
  const weights = await readManifest(where, model.weightsManifest, readShard);
  const g = graphBuilder();
  const t: Translation = { g, weightsOf: () => [], legacy: false, parameters: new Map(), weights: new Map() };
  const prefix = commonScope(
    list.filter(({ op }) => op !== "Placeholder" && op !== "Identity").map(({ name }) => name),
  );
  const done = new Map<string, Known>();
  const scopes = new Map<string, string>();
  for (const node of inOrder(where, list)) {
    done.set(
      node.name,
      translateNode(
        t,
        node,
        (name) => name.slice(name.startsWith(prefix) ? prefix.length : 0),
        done,
        weights,
        size,
        scopes,
      ),
    );
  }
  const names = outputNames(model, list);
  const values = names.map((name) => {
    const held = done.get(name);
    if (held?.kind !== "held") throw fail("backbones/keras", `${where}: its output "${name}" is no value of the graph`);
    const c = context(
      t,
      { path: [name], group: "", where: `output "${name}"` },
      { name, className: "", config: {}, calls: [] },
      [],
    );
    if (held.flattened !== undefined) return plain(c, held).value;
    return held.value.dims.length === 4 ? moved(c, held).value : held.value;
  });
  return renamed(dropDead(g.finish(values)), names, "TensorFlow.js GraphModel");
}

function translateNode(
  t: Translation,
  node: DefNode,
  shorten: (name: string) => string,
  done: ReadonlyMap<string, Known>,
  weights: ReadonlyMap<string, Tensor>,
  size: InputSize,
  scopes: Map<string, string>,
): Known {
  const where = `node "${node.name}" (${node.op})`;
  const short = shorten(node.name);
  const refuse = (message: string) => fail("backbones/keras", `${where}: ${message}`);
  if (node.op === "Placeholder") {
    const shape = node.attributes.shape("shape");
    const dtype = node.attributes.type("dtype") === "DT_INT32" ? "int32" : "float32";
    const config = { batch_shape: shape === undefined ? undefined : [...shape], dtype };
    return {
      kind: "held",
      ...declareInput(t.g, { name: node.name, className: "InputLayer", config, calls: [] }, size, true),
    };
  }
  if (node.op === "Const") {
    const tensor = weights.get(node.name);
    if (tensor === undefined) throw refuse("its value is not in weightsManifest; download the model again");
    return { kind: "constant", tensor };
  }
  const translate = Object.hasOwn(known, node.op) ? known[node.op] : undefined;
  if (translate === undefined) {
    throw refuse("the operator is not supported; convert the original model to ONNX with tf2onnx instead");
  }
  const c: NodeContext = {
    node,
    inputs: node.inputs.map((name) => done.get(name)!),
    fail: refuse,
    layer(className, config, inputs, given = {}): Held {
      const name = given.kernel === undefined ? short : weightScope(node, shorten, scopes);
      const site = { path: [name], group: "", where };
      const inner = context(t, site, { name, className, config, calls: [] }, inputs);
      return layers[className]!({ ...inner, weights: (roles) => roles.map((role) => given[role.split("|")[0]!]!) });
    },
    context: (inputs) =>
      context(
        t,
        { path: [short], group: "", where },
        { name: short, className: node.op, config: {}, calls: [] },
        inputs,
      ),
  };
  return translate(c);
}

/**
 * The scope of a node's kernel, which is named after its layer where the node itself may be named after what was fused into it;
 * the node's own name where another node has that kernel already.
 */
function weightScope(node: DefNode, shorten: (name: string) => string, scopes: Map<string, string>): string {
  const scope = shorten(node.inputs[1]!).split("/").slice(0, -1).join("/");
  if (scope === "" || (scopes.get(scope) ?? node.name) !== node.name) return shorten(node.name);
  scopes.set(scope, node.name);
  return scope;
}

/** The nodes with every one behind what it reads. */
function inOrder(where: string, list: readonly DefNode[]): readonly DefNode[] {
  const byName = new Map(list.map((node) => [node.name, node]));
  const done = new Set<string>();
  const open = new Set<string>();
  const ordered: DefNode[] = [];
  const stack = [...list].reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = done.has(node.name) ? [] : node.inputs.filter((name) => !done.has(name));
    if (missing.length > 0) {
      if (open.has(node.name)) throw fail("backbones/keras", `${where}: node "${node.name}" needs its own output`);
      open.add(node.name);
      for (const name of missing) {
        const from = byName.get(name);
        if (from === undefined) {
          throw fail("backbones/keras", `${where}: node "${node.name}" reads "${name}", which the graph has not`);
        }
        stack.push(from);
      }
      continue;
    }
    stack.pop();
    open.delete(node.name);
    if (!done.has(node.name)) ordered.push(node);
    done.add(node.name);
  }
  return ordered;
}

/** The signature's outputs, or the nodes that nothing reads. */
function outputNames(model: Json, list: readonly DefNode[]): readonly string[] {
  const signature = isJson(model.signature) && isJson(model.signature.outputs) ? model.signature.outputs : {};
  const named = Object.values(signature).flatMap((output) =>
    isJson(output) && typeof output.name === "string" ? [bareName("the signature", output.name)] : [],
  );
  if (named.length > 0) return named;
  const read = new Set(list.flatMap(({ inputs }) => inputs));
  return list
    .filter(({ name, op }) => !read.has(name) && op !== "Const" && op !== "Placeholder")
    .map(({ name }) => name);
}

/** The scope, two levels at most, that more than half of the names share, so that layers' names start with the layer. */
function commonScope(names: readonly string[]): string {
  let scope = "";
  for (let level = 0; level < 2; level++) {
    const counts = new Map<string, number>();
    for (const name of names) {
      const parts = name.startsWith(scope) ? name.slice(scope.length).split("/") : [];
      if (parts.length > 2) counts.set(parts[0]!, (counts.get(parts[0]!) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([, a], [, b]) => b - a);
    if (most === undefined || most[1] * 2 <= names.length) break;
    scope += `${most[0]}/`;
  }
  return scope;
}
