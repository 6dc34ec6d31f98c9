import { type Graph, type GraphNode, toNumbers, type Value } from "@graft-ml/core";
import { dropDead, inferShapes, type OpenGraph, reduceMean, reshape, rewrite, type Shapes } from "@graft-ml/graph";

/** Sizes of the named dimensions at which a graph is looked at: what changes with one alone is a multiple of it. */
export const PROBES: readonly Readonly<Record<string, number>>[] = [
  { batch: 2, tokens: 3 },
  { batch: 3, tokens: 3 },
  { batch: 2, tokens: 5 },
];

/** The batch at every probe. */
const BATCH = PROBES.map(({ batch }) => batch).join();

/**
 * Writes down the shapes that a graph computes from its inputs' dimensions while it runs, so that they are known ahead: exporters
 * compute the batch of every Reshape and of the class token, where only `batch` and `tokens` are open.
 */
export function settleShapes(graph: Graph, input: string): Graph {
  const probes = PROBES.map((sizes) => inferShapes(graph, sizes));
  const targets = new Map<string, readonly Target[]>();
  const sources = new Map<string, readonly Target[]>();
  for (const node of graph.nodes) {
    if ((node.op !== "Reshape" && node.op !== "Expand") || graph.initializers.has(node.inputs[1]!)) continue;
    const shape =
      node.op === "Reshape"
        ? everywhere(probes, ({ values }) => values.get(node.outputs[0]!)?.dims, numbers)
        : everywhere(probes, ({ constants }) => constants.get(node.inputs[1]!), toNumbers);
    const from = everywhere(probes, ({ values }) => values.get(node.inputs[0]!)?.dims, numbers);
    if (shape === undefined || from === undefined) continue;
    targets.set(node.outputs[0]!, shape);
    sources.set(node.outputs[0]!, from);
  }
  let latest = input;
  const settled = rewrite(graph, (node, g) => {
    for (const name of node.inputs) {
      if (name !== "" && isBatch(g.value(name))) latest = name;
    }
    const target = targets.get(node.outputs[0]!);
    const source = sources.get(node.outputs[0]!);
    if (target === undefined || source === undefined) return undefined;
    const made = node.op === "Reshape" ? reshaped(node, target, source, g) : expanded(node, target, source, g, latest);
    return made === undefined ? undefined : [made];
  });
  // What computed the shapes would still seem to be a way from the pictures to the output.
  return dropDead(settled);
}

function isBatch({ dtype, dims }: Value): boolean {
  return dtype === "float32" && dims.length > 1 && dims[0] === "batch";
}

/** A dimension: a number, or what it is at every probe. */
type Target = { readonly size: number } | { readonly open: string };

function everywhere<T>(
  probes: readonly Shapes[],
  find: (probe: Shapes) => T | undefined,
  read: (found: T) => ArrayLike<number> | undefined,
): readonly Target[] | undefined {
  const found = probes.map((probe) => {
    const value = find(probe);
    return value === undefined ? undefined : read(value);
  });
  const [first] = found;
  if (first === undefined || found.some((dims) => dims?.length !== first.length)) return undefined;
  return Array.from(first, (size, i): Target => {
    const sizes = found.map((dims) => dims![i]!);
    return sizes.every((other) => other === size) ? { size } : { open: sizes.join() };
  });
}

function sizeAt(dims: readonly Target[], i: number): number | undefined {
  const dim = dims[i];
  return dim !== undefined && "size" in dim ? dim.size : undefined;
}

function numbers(dims: readonly (number | string)[]): number[] | undefined {
  return dims.every((dim) => typeof dim === "number") ? (dims as number[]) : undefined;
}

function reshaped(
  { inputs, attributes }: GraphNode,
  target: readonly Target[],
  source: readonly Target[],
  g: OpenGraph,
): Value | undefined {
  if (attributes.allowzero?.value === 1) return undefined;
  const dims = target.map((dim, i) => {
    if ("size" in dim) return dim.size;
    const from = source[i];
    return from !== undefined && "open" in from && from.open === dim.open ? 0 : -1;
  });
  return dims.filter((dim) => dim === -1).length > 1 ? undefined : reshape(g, g.value(inputs[0]!), dims);
}

/** A token repeated for every sample, as a sum with zeros that have the batch of `like`: an Expand would take a computed shape. */
function expanded(
  { inputs }: GraphNode,
  target: readonly Target[],
  source: readonly Target[],
  g: OpenGraph,
  like: string,
): Value | undefined {
  const [first, ...rest] = target;
  const token = g.value(inputs[0]!);
  // A 1 leaves the token's own size, whatever it is.
  const same = rest.every((dim, i) => "size" in dim && (dim.size === 1 || sizeAt(source, i + 1) === dim.size));
  if (token.dtype !== "float32" || source.length !== target.length || !same) return undefined;
  if (first === undefined || !("open" in first) || first.open !== BATCH) return undefined;
  const value = g.value(like);
  const axes = value.dims.slice(1).map((_, i) => i + 1);
  const zeros = g.op("Mul", [reduceMean(g, value, axes, true), g.scalar(0)]);
  return g.op("Add", [token, reshape(g, zeros, [0, ...rest.map(() => 1)])]);
}
