import type { Graph, GraphNode, LayerGroup, Tensor } from "@graft-ml/core";
import { attributesOf, producersOf } from "@graft-ml/graph";

/** One node that multiplies with a kernel. */
export interface Product {
  readonly node: GraphNode;
  readonly bias?: Bias;
  /** The value after the bias. */
  readonly output: string;
}

/** What is added to a product. */
export interface Bias {
  readonly name: string;
  /** Whether the node adds it itself, or the one behind it. */
  readonly inner: boolean;
  /** Whether it is an initializer of one number an output that nothing else reads. */
  readonly own: boolean;
}

/** A product or convolution with a constant kernel, as adapters find it in a graph. */
export interface Layer {
  /** The kernel's initializer. */
  readonly kernel: string;
  readonly kind: "linear" | "conv";
  /** Name of the layer group. */
  readonly group: string;
  /** The nodes that multiply with the kernel, in the graph's order. */
  readonly products: readonly [Product, ...Product[]];
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the initializer is `[outputs, inputs]`; a convolution's always is `[outputs, inputs / parts, ...]`. */
  readonly transposed: boolean;
  /** How the initializer becomes the kernel: as it is, widened from halves, or from integers. */
  readonly storage: "plain" | "half" | "quantized";
  /** A convolution's spatial size; none for products. */
  readonly window: readonly number[];
  /** A convolution's number of groups. */
  readonly parts: number;
  /** What the product is multiplied by: `alpha` of Gemm. */
  readonly gain: number;
  /** What patterns are matched with: names of the kernel, of its nodes and of its biases. */
  readonly names: readonly string[];
  /** Why no adapter may change the kernel, if so. */
  readonly obstacle?: string;
}

/** The layers of some groups in the graph's order. */
export function layersOf(graph: Graph, groups: readonly LayerGroup[]): Layer[] {
  const wiring = { graph, producers: producersOf(graph), readers: readersOf(graph) };
  const groupOf = new Map(
    groups.flatMap(({ name, initializers }) => initializers.map((each) => [each, name] as const)),
  );
  const found = new Map<string, { sources: Source[]; nodes: GraphNode[] }>();
  for (const node of graph.nodes) {
    const source = isProduct(node) ? sourceOf(wiring, node.inputs[1]!) : undefined;
    if (source === undefined) continue;
    const entry = found.get(source.kernel) ?? { sources: [], nodes: [] };
    found.set(source.kernel, { sources: [...entry.sources, source], nodes: [...entry.nodes, node] });
  }
  return [...found.values()].flatMap(({ sources, nodes }) => {
    const layer = describe(wiring, sources, nodes);
    const places = [layer?.kernel, ...sources[0]!.beside, ...(layer?.products ?? []).map(({ bias }) => bias?.name)];
    const place = places.find((name) => name !== undefined && groupOf.has(name));
    return layer === undefined || place === undefined ? [] : [{ ...layer, group: groupOf.get(place)! }];
  });
}

/** Products and convolutions, whatever they multiply with. */
export function isProduct({ op, domain }: GraphNode): boolean {
  return domain === "" && (op === "MatMul" || op === "Gemm" || op === "Conv");
}

/** An initializer, and what lies between it and the node that multiplies with it. */
interface Source {
  readonly kernel: string;
  readonly turned: boolean;
  readonly storage: Layer["storage"];
  /** Values of the way, the operand first. */
  readonly way: readonly string[];
  /** Initializers that belong to the kernel: scales and zero points. */
  readonly beside: readonly string[];
}

/** A graph, and who makes and reads its values. */
interface Wiring {
  readonly graph: Graph;
  readonly producers: ReadonlyMap<string, GraphNode>;
  readonly readers: ReadonlyMap<string, readonly GraphNode[]>;
}

function sourceOf({ graph, producers }: Wiring, operand: string): Source | undefined {
  let [name, turned, storage]: [string, boolean, Layer["storage"]] = [operand, false, "plain"];
  const way: string[] = [];
  const beside: string[] = [];
  while (!graph.initializers.has(name)) {
    const node = producers.get(name);
    if (node === undefined || node.domain !== "") return undefined;
    way.push(name);
    if (node.op === "Transpose") {
      const perm = attributesOf(node).ints("perm", [1, 0]).join();
      if (perm !== "1,0" && perm !== "0,1") return undefined;
      turned = perm === "1,0" ? !turned : turned;
    } else if (node.op === "Cast") {
      if (storage === "plain") storage = "half";
    } else if (node.op === "DequantizeLinear") {
      storage = "quantized";
      beside.push(...node.inputs.slice(1));
    } else if (node.op !== "Identity") return undefined;
    name = node.inputs[0]!;
  }
  return { kernel: name, turned, storage, way, beside };
}

function describe(
  wiring: Wiring,
  sources: readonly Source[],
  nodes: readonly GraphNode[],
): Omit<Layer, "group"> | undefined {
  const { graph, readers } = wiring;
  const { kernel, storage } = sources[0]!;
  const tensor = graph.initializers.get(kernel)!;
  const kind = nodes[0]!.op === "Conv" ? "conv" : "linear";
  const turns = sources.map(({ turned }, i) => turned !== (transB(nodes[i]!) === 1));
  const shaped = kind === "conv" ? tensor.dims.length > 2 && !turns[0] : tensor.dims.length === 2;
  if (!shaped || !isWeight(tensor, storage)) return undefined;
  const parts = kind === "conv" ? attributesOf(nodes[0]!).int("group", 1) : 1;
  const transposed = kind === "conv" || turns[0]!;
  const [rows, columns] = tensor.dims as [number, number];
  const outputs = transposed ? rows : columns;
  const products = nodes.map((node) => productOf(wiring, node, outputs));
  const ways = new Set(sources.flatMap(({ way }) => way));
  const own = new Set<GraphNode>(nodes);
  const stranger = [kernel, ...ways]
    .flatMap((name) => readers.get(name) ?? [])
    .find((node) => !own.has(node) && !node.outputs.some((name) => ways.has(name)));
  const gains = nodes.map((node) => (node.op === "Gemm" ? attributesOf(node).float("alpha", 1) : 1));
  const odd = nodes.findIndex(
    (node, i) => (node.op === "Conv") !== (kind === "conv") || turns[i] !== turns[0] || gains[i] !== gains[0],
  );
  const obstacle = obstacleOf(graph, kernel, stranger ?? nodes[odd]);
  return {
    kernel,
    kind,
    products: products as [Product, ...Product[]],
    inputs: transposed ? columns * parts : rows,
    outputs,
    transposed,
    storage,
    window: tensor.dims.slice(2),
    parts,
    gain: gains[0]!,
    names: [...new Set([kernel, ...products.flatMap(({ node, bias }) => [node.name, ...(bias ? [bias.name] : [])])])],
    ...(obstacle !== undefined && { obstacle }),
  };
}

function obstacleOf(graph: Graph, kernel: string, stranger: GraphNode | undefined): string | undefined {
  if ([...graph.initializers.keys()].some((name) => name.startsWith(`adapter.${kernel}.`)))
    return "has an adapter already";
  if (stranger !== undefined) return `is also read by "${stranger.name}" (${stranger.op})`;
  return undefined;
}

function transB(node: GraphNode): number {
  return node.op === "Gemm" ? attributesOf(node).int("transB", 0) : 0;
}

function isWeight({ dtype }: Tensor, storage: Layer["storage"]): boolean {
  // Merging leaves float32 behind the cast of a kernel that was kept in halves.
  return storage === "quantized" || dtype === "float32" || (storage === "half" && /^b?float16$/.test(dtype));
}

/** Finds the bias of a product: its third input, or the vector that the only node behind it adds. */
function productOf(wiring: Wiring, node: GraphNode, outputs: number): Product {
  const { graph, producers, readers } = wiring;
  const output = node.outputs[0]!;
  const inner = node.inputs[2];
  if (inner) return { node, bias: biasOf(wiring, inner, outputs, true), output };
  const [next, ...others] = readers.get(output) ?? [];
  const alone = others.length === 0 && !graph.outputs.some(({ name }) => name === output);
  if (next?.op !== "Add" || !alone || node.op !== "MatMul") return { node, output };
  const added = next.inputs.find((name) => graph.initializers.get(origin(producers, name))?.dims.length === 1);
  if (added === undefined) return { node, output };
  return { node, bias: biasOf(wiring, added, outputs, false), output: next.outputs[0]! };
}

function biasOf({ graph, producers, readers }: Wiring, operand: string, outputs: number, inner: boolean): Bias {
  const name = origin(producers, operand);
  const fits = graph.initializers.get(name)?.data.length === outputs;
  return { name, inner, own: fits && name === operand && readers.get(name)!.length === 1 };
}

/** The value that others pass on unchanged: exporters write equal biases once. */
function origin(producers: ReadonlyMap<string, GraphNode>, name: string): string {
  const node = producers.get(name);
  return node?.op === "Identity" ? origin(producers, node.inputs[0]!) : name;
}

/** The nodes that read each value; one that reads it twice counts twice. */
export function readersOf(graph: Graph): ReadonlyMap<string, readonly GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [node]);
      else known.push(node);
    }
  }
  return readers;
}
