import type { Graph, GraphNode, Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph } from "@graft-ml/graph";

/** Writes a node in another form; what it returns takes the place of the node's first output. */
export type Change = (g: OpenGraph, node: GraphNode) => Value;

/** Rebuilds a graph with some nodes changed, by the name of their first output; every value keeps its name. */
export function changeNodes(graph: Graph, changes: ReadonlyMap<string, Change>): Graph {
  const reserved = new Set(graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const g = graphBuilder({ ...graph, nodes: [], outputs: [] }, {}, reserved);
  for (const node of graph.nodes) {
    const change = changes.get(node.outputs[0]!);
    if (change === undefined) g.append(node);
    else g.name(change(g, node), node.outputs[0]!);
  }
  return g.finish(graph.outputs.map(({ name }) => g.value(name)));
}

/** Adds a node again under fresh names, with other inputs where they are given. */
export function repeat(g: OpenGraph, node: GraphNode, inputs: readonly string[] = node.inputs): Value {
  const output = g.fresh(`${node.outputs[0]}/base`);
  g.append({ ...node, name: output, inputs, outputs: [output, ...node.outputs.slice(1)] });
  return g.value(output);
}
