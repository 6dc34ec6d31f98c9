import { type Graph, type GraphNode, sizeOf, type Tensor } from "@graft-ml/core";
import { inferShapes } from "../inference.ts";
import { dropDead } from "./dead-nodes.ts";

/** Replaces integer arithmetic on static shapes by its result, exactly; other constants are left to the engine. */
export function foldShapes(graph: Graph, bindings: Readonly<Record<string, number>> = {}): Graph {
  const { constants, values } = inferShapes(graph, bindings);
  const initializers = new Map(graph.initializers);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const results = node.outputs.map((name) => constants.get(name));
    if (results.every((result): result is Tensor => result !== undefined && isShapeLike(result))) {
      for (const [i, name] of node.outputs.entries()) initializers.set(name, results[i]!);
    } else {
      nodes.push(node);
    }
  }
  const bound = <T extends { readonly name: string }>(info: T): T => ({ ...info, dims: values.get(info.name)!.dims });
  return dropDead(
    { ...graph, inputs: graph.inputs.map(bound), outputs: graph.outputs.map(bound), initializers, nodes },
    { keepInputs: true },
  );
}

function isShapeLike(t: Tensor): boolean {
  return t.dtype === "int64" || t.dtype === "int32" || t.dtype === "bool" || sizeOf(t.dims) <= 1;
}
