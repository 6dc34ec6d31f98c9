import {
  type Backbone,
  type Graph,
  type Head,
  type Preprocessing,
  seededRandom,
  type TargetSpec,
  type Tensor,
  type Tensors,
} from "@graft-ml/core";
import { dropIdentities, narrowHalf } from "@graft-ml/graph";
import { attachHead, type Headed, predictionGraph } from "@graft-ml/trainers";

/** Replaces initializers of a graph by trained values; names that the graph does not have are left out. */
export function withValues(graph: Graph, values: Tensors): Graph {
  const initializers = new Map<string, Tensor>(graph.initializers);
  for (const [name, tensor] of Object.entries(values)) if (initializers.has(name)) initializers.set(name, tensor);
  return { ...graph, initializers };
}

/** A headed graph with trained values in it. */
export function trainedHead(headed: Headed, values: Tensors): Headed {
  return { ...headed, graph: withValues(headed.graph, values) };
}

/** The whole model, pictures to predictions, as it is exported: weights that are exact in half precision are stored so. */
export function wholeModel(
  backbone: Backbone<Preprocessing>,
  head: Head,
  targets: TargetSpec,
  values: Tensors,
  temperature: number,
): Graph {
  // The initial values drawn here are all replaced.
  const headed = attachHead(backbone.graph, backbone.card.features, head, targets, seededRandom(0));
  const graph = predictionGraph(trainedHead(headed, values), head, temperature);
  const { card } = backbone;
  const metadata = {
    ...graph.metadata,
    producer: "graft",
    backbone: card.id,
    backbone_sha256: card.sha256,
    licence: card.licence,
  };
  return { ...narrowHalf(dropIdentities(graph)), name: `graft-${card.id}-${head.name}`, metadata };
}
