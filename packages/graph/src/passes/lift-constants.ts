import type { Graph, GraphNode, Tensor } from "@graft-ml/core";

/**
 * Turns `Constant` nodes that hold weights (floats, more than one) into initializers of the same name, where training, folding and
 * counting look for them; some exporters write all weights as nodes. Scalars and integers stay nodes.
 */
export function liftConstants(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter((node) => {
    const tensor = weightOf(node);
    if (tensor === undefined) return true;
    initializers.set(node.outputs[0]!, tensor);
    return false;
  });
  return nodes.length === graph.nodes.length ? graph : { ...graph, initializers, nodes };
}

function weightOf({ op, domain, attributes }: GraphNode): Tensor | undefined {
  const { value } = attributes;
  if (op !== "Constant" || domain !== "" || value?.type !== "tensor") return undefined;
  return value.value.dtype.includes("float") && value.value.data.length > 1 ? value.value : undefined;
}
