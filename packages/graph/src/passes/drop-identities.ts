import type { Graph, GraphNode } from "@graft-ml/core";
import { rename } from "./half.ts";

/** Removes `Identity` and inference `Dropout` nodes, except where they name an output of the graph. */
export function dropIdentities(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const names = new Map<string, string>();
  const nodes: GraphNode[] = [];
  // In topological order a name is known before it is read, so one walk resolves whole chains.
  for (const original of graph.nodes) {
    const node = rename(original, names);
    const passes = node.op === "Identity" || (node.op === "Dropout" && !node.outputs[1]);
    if (passes && !outputs.has(node.outputs[0]!)) names.set(node.outputs[0]!, node.inputs[0]!);
    else nodes.push(node);
  }
  return { ...graph, nodes };
}
