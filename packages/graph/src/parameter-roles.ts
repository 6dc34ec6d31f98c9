import type { Dim, Graph, GraphNode, ParameterRole } from "@graft-ml/core";
import { inferShapes, type Shapes } from "./inference.ts";
import { leadsBackTo, producersOf, source } from "./producers.ts";

/** Roles by place among the inputs of operators that say what each input is; names of other domains carry the domain. */
const BY_PLACE: Readonly<Record<string, Readonly<Record<number, ParameterRole>>>> = {
  Conv: { 1: "kernel", 2: "bias" },
  ConvTranspose: { 1: "kernel", 2: "bias" },
  ConvInteger: { 1: "kernel" },
  QLinearConv: { 3: "kernel", 8: "bias" },
  QLinearMatMul: { 3: "kernel" },
  Gemm: { 0: "kernel", 1: "kernel", 2: "bias" },
  MatMul: { 0: "kernel", 1: "kernel" },
  MatMulInteger: { 0: "kernel", 1: "kernel" },
  LSTM: { 1: "kernel", 2: "kernel", 3: "bias" },
  GRU: { 1: "kernel", 2: "kernel", 3: "bias" },
  RNN: { 1: "kernel", 2: "kernel", 3: "bias" },
  BatchNormalization: { 1: "scale", 2: "shift" },
  InstanceNormalization: { 1: "scale", 2: "shift" },
  LayerNormalization: { 1: "scale", 2: "shift" },
  GroupNormalization: { 1: "scale", 2: "shift" },
  RMSNormalization: { 1: "scale" },
  SimplifiedLayerNormalization: { 1: "scale" },
  "com.microsoft.FusedConv": { 1: "kernel", 2: "bias" },
  "com.microsoft.FusedGemm": { 0: "kernel", 1: "kernel", 2: "bias" },
  "com.microsoft.FusedMatMul": { 0: "kernel", 1: "kernel" },
  "com.microsoft.Attention": { 1: "kernel", 2: "bias" },
  "com.microsoft.MultiHeadAttention": { 3: "bias" },
  "com.microsoft.BiasGelu": { 1: "bias" },
  "com.microsoft.FastGelu": { 1: "bias" },
  "com.microsoft.SkipLayerNormalization": { 2: "scale", 3: "shift", 4: "bias" },
  "com.microsoft.SkipSimplifiedLayerNormalization": { 2: "scale", 3: "bias" },
  "com.microsoft.EmbedLayerNormalization": { 2: "embedding", 3: "embedding", 4: "embedding", 5: "scale", 6: "shift" },
};
/** Operators whose result a vector can be added to as a bias. */
const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "FusedMatMul"]);
/** Operators that take a part of a table. */
const LOOK_UPS: ReadonlySet<string> = new Set(["Gather", "GatherND", "GatherElements", "Slice"]);
/** Operators on constants whose result holds what their inputs hold, in another number of elements. */
const PARTS: ReadonlySet<string> = new Set([...LOOK_UPS, "Split", "Concat", "Expand", "Tile", "Pad"]);
/** Operators that give a normalised value without being told by their place above. */
const NORMS: ReadonlySet<string> = new Set(["InstanceNormalization", "MeanVarianceNormalization"]);

/**
 * What every initializer does, found from the nodes that read it, also through what is computed from it alone (`Transpose`, `Cast`,
 * `DequantizeLinear`, `Split`, ...). Layer normalisation written out step by step counts as one. Where several nodes read an initializer,
 * the first that says something decides.
 */
export function parameterRoles(graph: Graph): ReadonlyMap<string, ParameterRole> {
  const shapes = inferShapes(graph);
  const producers = producersOf(graph);
  const depends = new Set(graph.inputs.map(({ name }) => name).filter((name) => !graph.initializers.has(name)));
  /** Initializers that a constant value is made of. */
  const made = new Map([...graph.initializers.keys()].map((name) => [name, [name]] as [string, readonly string[]]));
  const roles = new Map<string, ParameterRole>();
  const tables = new Set<string>();
  /** Values that a scale of a normalisation has been multiplied into. */
  const scaled = new Set<string>();
  /** Initializers of instance normalisations, by what they make: ones and zeros where a scale of its own follows. */
  const inner = new Map<string, readonly string[]>();

  const settle = (name: string, role: ParameterRole): void => {
    for (const each of made.get(name) ?? []) if (!roles.has(each)) roles.set(each, role);
  };
  for (const node of graph.nodes) {
    // A part of a parameter stays one, even where the place of the cut is computed from shapes.
    const cuts = node.op === "Slice" && !depends.has(node.inputs[0]!);
    if (cuts || !node.inputs.some((name) => depends.has(name))) {
      for (const output of node.outputs) made.set(output, passedOn(node, output, made, shapes));
      if (LOOK_UPS.has(node.op)) for (const name of made.get(node.inputs[0]!) ?? []) tables.add(name);
      continue;
    }
    for (const output of node.outputs) depends.add(output);
    const places = BY_PLACE[node.domain === "" ? node.op : `${node.domain}.${node.op}`] ?? {};
    for (const [i, name] of node.inputs.entries()) {
      if (name === "" || depends.has(name)) continue;
      const role = places[i];
      if (role !== undefined) settle(name, role);
      else if (node.op === "Einsum") settle(name, "kernel");
      else if (i === 0 && LOOK_UPS.has(node.op)) settle(name, "embedding");
      else if (["Mul", "Add", "Sub"].includes(node.op)) {
        const found = byArithmetic(node, i, { shapes, producers, scaled });
        if (found !== undefined) settle(name, found);
        if (found !== "scale") continue;
        scaled.add(node.outputs[0]!);
        const normalised = source(node.inputs[1 - i]!, producers);
        for (const outer of inner.get(normalised) ?? []) roles.set(outer, "other");
      }
    }
    if (node.op === "InstanceNormalization")
      inner.set(
        node.outputs[0]!,
        node.inputs.slice(1).flatMap((name) => made.get(name) ?? []),
      );
  }
  return new Map(
    [...graph.initializers.keys()].map((name) => [name, roles.get(name) ?? (tables.has(name) ? "embedding" : "other")]),
  );
}

/** Initializers whose values a constant value holds: not those that only scale or place them. */
function passedOn(
  node: GraphNode,
  output: string,
  made: ReadonlyMap<string, readonly string[]>,
  { values }: Shapes,
): readonly string[] {
  const size = (name: string): string => {
    const dims = values.get(name)?.dims ?? [];
    return dims.every((dim) => typeof dim === "number") ? String(dims.reduce((a, b) => a * (b as number), 1)) : "?";
  };
  const carried = node.op === "Concat" ? node.inputs : PARTS.has(node.op) ? node.inputs.slice(0, 1) : node.inputs;
  return carried.flatMap((name) =>
    made.has(name) && (PARTS.has(node.op) || size(name) === size(output)) ? made.get(name)! : [],
  );
}

interface Known {
  readonly shapes: Shapes;
  readonly producers: ReadonlyMap<string, GraphNode>;
  readonly scaled: ReadonlySet<string>;
}

/** The role of a vector that is multiplied with, added to or subtracted from a value; nothing where it is neither bias nor affine map. */
function byArithmetic(node: GraphNode, place: number, known: Known): ParameterRole | undefined {
  const { producers, scaled } = known;
  const other = source(node.inputs[1 - place]!, producers);
  const producer = producers.get(other);
  const dims = known.shapes.values.get(node.inputs[place]!)!.dims;
  if (dims.length === 0 || dims.filter((dim) => dim !== 1).length > 1) return undefined;
  if (node.op === "Mul" && isReciprocal(other, producers)) return "scale";
  if (!matchesChannels(dims, known.shapes.values.get(node.inputs[1 - place]!)!.dims, producer)) return undefined;
  if (node.op === "Mul") return isNormalised(other, producers) ? "scale" : undefined;
  if (node.op === "Sub") {
    // beta − mean · (gamma / deviation), as TensorFlow writes batch and layer normalisation.
    const shifts =
      place === 0 && producer?.op === "Mul" && producer.inputs.some((name) => scaled.has(source(name, producers)));
    return shifts ? "shift" : undefined;
  }
  if (scaled.has(other)) return "shift";
  return producer !== undefined && PRODUCTS.has(producer.op) ? "bias" : undefined;
}

/** Whether a vector has one value for each channel of what it meets. */
function matchesChannels(vector: readonly Dim[], met: readonly Dim[], producer: GraphNode | undefined): boolean {
  const channels = producer?.op.startsWith("Conv") && met.length > 2 ? 1 - met.length : -1;
  const place = vector.findIndex((dim) => dim !== 1);
  const axis = place < 0 ? channels : place - vector.length;
  const [theirs, own] = [met.at(axis), vector.at(axis) ?? 1];
  return typeof theirs === "string" || typeof own === "string" || theirs === own;
}

/** (x − mean) / √(variance + ε), or x / √(mean square + ε), however it is written. */
function isNormalised(name: string, producers: ReadonlyMap<string, GraphNode>): boolean {
  const node = producers.get(name);
  if (node === undefined) return false;
  if (NORMS.has(node.op)) return true;
  const operands = node.inputs.map((input) => source(input, producers));
  if (node.op === "Div")
    return leadsBackTo("Sqrt", operands[1]!, producers, 1) && leadsBackTo("ReduceMean", operands[1]!, producers, 5);
  return node.op === "Mul" && operands.some((operand) => isReciprocal(operand, producers));
}

/** 1 / √(variance + ε). */
function isReciprocal(name: string, producers: ReadonlyMap<string, GraphNode>): boolean {
  const node = producers.get(name);
  if (node === undefined || !["Reciprocal", "Div", "Pow"].includes(node.op)) return false;
  const above = node.op === "Div" ? producers.get(source(node.inputs[0]!, producers)) : undefined;
  return (above === undefined || above.op === "Constant") && leadsBackTo("ReduceMean", name, producers, 5);
}
