import type { Graph, GraphNode } from "@graft-ml/core";

/** Gives values the names of the outputs that an `Identity` copies them to, so that nothing is copied for the sake of a name. */
export function nameOutputs(graph: Graph): Graph {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const taken = new Set(graph.outputs.map((output) => output.name));
  const names = new Map<string, string>();
  const copies = new Set<GraphNode>();
  for (const node of graph.nodes) {
    const [from, to] = [node.inputs[0]!, node.outputs[0]!];
    if (node.op !== "Identity" || !taken.has(to) || !made.has(from) || taken.has(from) || names.has(from)) continue;
    names.set(from, to);
    copies.add(node);
  }
  if (copies.size === 0) return graph;
  const renamed = (list: readonly string[]): readonly string[] => list.map((name) => names.get(name) ?? name);
  const nodes = graph.nodes
    .filter((node) => !copies.has(node))
    .map((node) => ({ ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) }));
  return { ...graph, nodes };
}
