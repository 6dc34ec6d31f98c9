import type { Graph } from "@graft-ml/core";

/** Drops nodes, initializers and inputs that no output depends on; `keepInputs` leaves the inputs alone. */
export function dropDead(graph: Graph, options: { readonly keepInputs?: boolean } = {}): Graph {
  const live = new Set(graph.outputs.map((output) => output.name));
  const nodes = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => live.has(name))) continue;
    for (const name of node.inputs) live.add(name);
    nodes.push(node);
  }
  return {
    ...graph,
    nodes: nodes.reverse(),
    inputs: options.keepInputs ? graph.inputs : graph.inputs.filter((input) => live.has(input.name)),
    initializers: new Map([...graph.initializers].filter(([name]) => live.has(name))),
  };
}
