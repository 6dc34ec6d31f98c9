import type { Graph, GraphNode } from "@graft-ml/core";
import { producersOf } from "@graft-ml/graph";
import { isProduct, type Layer } from "./layers.ts";

/** The two layers of a feed-forward block. */
export interface FeedForward {
  readonly up: Layer;
  readonly down: Layer;
}

/** What makes attention: a linear layer behind it, with no other product of a kernel between, is its output projection. */
const ATTENTION: ReadonlySet<string> = new Set(["Softmax", "Attention", "MultiHeadAttention"]);

/** Feed-forward blocks of transformers: neighbouring linear layers of a group, `[width, wider]` and `[wider, width]`. */
export function feedForwards(layers: readonly Layer[]): FeedForward[] {
  const linear = layers.filter(({ kind }) => kind === "linear");
  return linear.flatMap((down, i) => {
    const up = linear[i - 1];
    const fits = up?.group === down.group && up.inputs === down.outputs && up.outputs === down.inputs;
    return fits && down.inputs > down.outputs ? [{ up: up!, down }] : [];
  });
}

/** Output projections of attention. */
export function attentionOutputs(graph: Graph, layers: readonly Layer[]): Layer[] {
  const producers = producersOf(graph);
  const computed = dependents(graph);
  // A shape says nothing of where its value comes from.
  const stops = (node: GraphNode): boolean =>
    node.op === "Shape" || (isProduct(node) && !computed.has(node.inputs[1]!));
  return layers.filter(({ kind, products }) => {
    if (kind !== "linear") return false;
    const seen = new Set<string>();
    const open = [products[0].node.inputs[0]!];
    while (open.length > 0) {
      const name = open.pop()!;
      const node = producers.get(name);
      if (seen.has(name) || node === undefined || stops(node)) continue;
      if (ATTENTION.has(node.op)) return true;
      seen.add(name);
      open.push(...node.inputs);
    }
    return false;
  });
}

/** Values that depend on what the graph is fed. */
function dependents(graph: Graph): ReadonlySet<string> {
  const found = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.nodes)
    if (node.inputs.some((name) => found.has(name))) for (const name of node.outputs) found.add(name);
  return found;
}
