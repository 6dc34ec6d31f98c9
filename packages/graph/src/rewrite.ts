import type { Graph, GraphNode, Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph } from "./builder.ts";
import type { FindOperator } from "./inference.ts";
import { rename } from "./passes/half.ts";

/** Replaces a node by what it builds and returns, one value an output; `undefined` keeps the node. */
export type Rewriter = (node: GraphNode, g: OpenGraph) => readonly Value[] | undefined;

/** Rebuilds a graph node by node, with shapes known at each; `bindings` and `find` as for `graphBuilder`. */
export function rewrite(
  graph: Graph,
  rewriter: Rewriter,
  bindings: Readonly<Record<string, number>> = {},
  find?: FindOperator,
): Graph {
  const reserved = new Set(graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const g = graphBuilder({ ...graph, nodes: [], outputs: [] }, bindings, reserved, find);
  const names = new Map<string, string>();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  for (const original of graph.nodes) {
    const node = rename(original, names);
    const replacement = rewriter(node, g);
    if (replacement === undefined) g.append(node);
    replacement?.forEach((value, i) => {
      const name = node.outputs[i]!;
      if (outputs.has(name)) g.name(value, name);
      else names.set(name, value.name);
    });
  }
  return g.finish(graph.outputs.map((output) => g.value(output.name)));
}
