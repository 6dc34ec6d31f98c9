import type { Graph, GraphNode, Value } from "@graft-ml/core";
import type { OpenGraph } from "../builder.ts";
import { reduceMean, reshape } from "../emit.ts";
import { attributesOf, staticDims } from "../operator.ts";
import { rewrite } from "../rewrite.ts";

/** A graph whose batch normalisation uses the statistics of the batch. */
export interface LiveBatchNorm {
  readonly graph: Graph;
  /** Running mean or variance (an initializer) → value that holds its update. */
  readonly updates: Readonly<Record<string, string>>;
}

/**
 * Rewrites batch normalisation to statistics of the batch, with the running averages updated as ONNX's training mode does:
 * running · momentum + batch · (1 − momentum), with the population variance. `which` names the nodes; default: all of them.
 */
export function liveBatchNorm(
  graph: Graph,
  which?: ReadonlySet<string>,
  bindings: Readonly<Record<string, number>> = {},
): LiveBatchNorm {
  const updates: Record<string, string> = {};
  const live = rewrite(
    graph,
    (node, g) => {
      if (node.op !== "BatchNormalization" || (which !== undefined && !which.has(node.name))) return undefined;
      return [normalize(g, node, updates)];
    },
    bindings,
  );
  return { graph: live, updates };
}

function normalize(g: OpenGraph, node: GraphNode, updates: Record<string, string>): Value {
  const [x, scale, shift, mean, variance] = node.inputs.map((name) => g.value(name)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const { float } = attributesOf(node);
  const momentum = float("momentum", 0.9);
  const axes = x.dims.flatMap((_, i) => (i === 1 ? [] : [i]));
  const [channels] = staticDims(scale) as [number];
  const column = [1, channels, ...x.dims.slice(2).map(() => 1)];

  const batchMean = reduceMean(g, x, axes, true);
  const centred = g.op("Sub", [x, batchMean]);
  const batchVariance = reduceMean(g, g.op("Mul", [centred, centred]), axes, true);
  const deviation = g.op("Sqrt", [g.op("Add", [batchVariance, g.scalar(float("epsilon", 1e-5))])]);
  const factor = g.op("Div", [reshape(g, scale, column), deviation]);
  for (const [running, batch] of [
    [mean, batchMean],
    [variance, batchVariance],
  ] as const) {
    const kept = g.op("Mul", [running, g.scalar(momentum)]);
    const fresh = g.op("Mul", [reshape(g, batch, [channels]), g.scalar(1 - momentum)]);
    updates[running.name] = g.op("Add", [kept, fresh]).name;
  }
  return g.op("Add", [g.op("Mul", [centred, factor]), reshape(g, shift, column)]);
}
