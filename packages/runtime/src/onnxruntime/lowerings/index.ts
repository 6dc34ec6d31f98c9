import { fail, type Graph, type GraphNode, type Value } from "@graft-ml/core";
import { GRAFT_DOMAIN, mergeDuplicates, type OpenGraph, type Rewriter, rewrite } from "@graft-ml/graph";
import { findBlocked } from "./blocked-layout.ts";
import { broadcast } from "./broadcast.ts";
import { clipGrad } from "./clip-grad.ts";
import { conv } from "./conv.ts";
import { convGradFilter } from "./conv-grad-filter.ts";
import { convGradInput } from "./conv-grad-input.ts";
import { gatherElementsGrad, gatherGrad, gatherNdGrad, OLDEST_RAISED, SCATTER_ADDS } from "./gather-grad.ts";
import { maxPoolGrad } from "./max-pool-grad.ts";

/** What a build of ONNX Runtime can do beyond standard operators. */
export interface LoweringOptions {
  /** Channels in a block of its blocked layout; 0, the default, where it has none. */
  readonly block?: number;
}

/** Writes one gradient primitive in operators that ONNX Runtime has. */
export type Lowering = (node: GraphNode, g: OpenGraph, options: Required<LoweringOptions>) => Value;

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ClipGrad: clipGrad,
  ConvGradFilter: convGradFilter,
  ConvGradInput: convGradInput,
  GatherElementsGrad: gatherElementsGrad,
  GatherGrad: gatherGrad,
  GatherNDGrad: gatherNdGrad,
  MaxPoolGrad: maxPoolGrad,
};

/** Primitives whose lowering needs a later operator set than a graph may have. */
const NEEDS: Readonly<Record<string, number>> = {
  GatherElementsGrad: SCATTER_ADDS,
  GatherGrad: SCATTER_ADDS,
  GatherNDGrad: SCATTER_ADDS,
};

/** Writes a standard operator another way where that is faster; `undefined` leaves it. */
export type Rewrite = (node: GraphNode, g: OpenGraph, options: Required<LoweringOptions>) => Value | undefined;

const REWRITES: Readonly<Record<string, Rewrite>> = {
  Add: broadcast,
  Conv: conv,
  Div: broadcast,
  Mul: broadcast,
  Sub: broadcast,
};

/** Writes all gradient primitives of a graph in operators that ONNX Runtime has; without a block size, standard ones. */
export function lowerPrimitives(graph: Graph, { block = 0 }: LoweringOptions = {}): Graph {
  // Without a backward pass kernels are constant, and there is nothing to gain.
  if (!graph.nodes.some((node) => node.domain === GRAFT_DOMAIN)) return graph;
  const rewriter: Rewriter = (node, g) => {
    if (node.domain === "") {
      const faster = REWRITES[node.op]?.(node, g, { block });
      return faster === undefined ? undefined : [faster];
    }
    if (node.domain !== GRAFT_DOMAIN) return undefined;
    const lowering = LOWERINGS[node.op];
    if (lowering === undefined)
      throw fail("runtime/onnxruntime", `node "${node.name}" uses primitive ${node.op}, which has no lowering`);
    return [lowering(node, g, { block })];
  };
  const lowered = rewrite(graph, rewriter, {}, findBlocked(block));
  const { [GRAFT_DOMAIN]: _, ...opsets } = lowered.opsets;
  // A value that several convolutions read is brought into the blocked layout once.
  return mergeDuplicates({ ...lowered, opsets: { ...opsets, "": raised(graph) } });
}

/** The operator set of the lowered graph. From 13 to 16 nothing that a graph here may hold changes its meaning. */
function raised({ nodes, opsets }: Graph): number {
  const own = opsets[""] ?? 1;
  const primitive = nodes.find((node) => node.domain === GRAFT_DOMAIN && (NEEDS[node.op] ?? 0) > own);
  if (primitive === undefined || (own < OLDEST_RAISED && primitive.op === "GatherGrad")) return own;
  if (own < OLDEST_RAISED) {
    throw fail(
      "runtime/onnxruntime",
      `node "${primitive.name}" (${primitive.op}) needs a model of operator set 13 or later; this one has ${own}`,
    );
  }
  return NEEDS[primitive.op]!;
}
