import type { Graph } from "@graft-ml/core";
import { dropDead } from "@graft-ml/graph";
import { type LoweringOptions, lowerPrimitives } from "./lowerings/index.ts";
import { timeFirst } from "./lowerings/time-first.ts";
import { turnedProducts } from "./lowerings/turned-products.ts";

/** The graph that a session gets to run: what ONNX Runtime lacks or refuses is written in what it has. */
export function sessionGraph(graph: Graph, lowering: LoweringOptions): Graph {
  return dropDead(lowerPrimitives(turnedProducts(timeFirst(graph)), lowering), { keepInputs: true });
}
