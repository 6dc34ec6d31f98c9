import { fail, type Graph, type GraphNode, type Value } from "@graft-ml/core";
import { GRAFT_DOMAIN, type OpenGraph, rewrite } from "@graft-ml/graph";
import { clipGrad } from "./clip-grad.ts";
import { conv } from "./conv.ts";
import { convGradFilter } from "./conv-grad-filter.ts";
import { convGradInput } from "./conv-grad-input.ts";

/** Writes one gradient primitive in standard operators. */
export type Lowering = (node: GraphNode, g: OpenGraph) => Value;

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ClipGrad: clipGrad,
  ConvGradFilter: convGradFilter,
  ConvGradInput: convGradInput,
};

/** Writes a standard operator another way where that is faster; `undefined` leaves it. */
export type Rewrite = (node: GraphNode, g: OpenGraph) => Value | undefined;

const REWRITES: Readonly<Record<string, Rewrite>> = { Conv: conv };

/** Writes all gradient primitives of a graph in standard operators, so that plain ONNX Runtime runs it. */
export function lowerPrimitives(graph: Graph): Graph {
  // Without a backward pass kernels are constant, and there is nothing to gain.
  if (!graph.nodes.some((node) => node.domain === GRAFT_DOMAIN)) return graph;
  const lowered = rewrite(graph, (node, g) => {
    if (node.domain === "") {
      const faster = REWRITES[node.op]?.(node, g);
      return faster === undefined ? undefined : [faster];
    }
    if (node.domain !== GRAFT_DOMAIN) return undefined;
    const lowering = LOWERINGS[node.op];
    if (lowering === undefined)
      throw fail("runtime/onnxruntime", `node "${node.name}" uses primitive ${node.op}, which has no lowering`);
    return [lowering(node, g)];
  });
  const { [GRAFT_DOMAIN]: _, ...opsets } = lowered.opsets;
  return { ...lowered, opsets };
}
