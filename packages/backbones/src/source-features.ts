import {
  fail,
  type Graph,
  type GraphNode,
  int64,
  type TextPreprocessing,
  type Value,
  type ValueInfo,
} from "@graft-ml/core";
import { cutPoints, graphBuilder, inferShapes, type OpenGraph, reshape, upTo } from "@graft-ml/graph";
import { batched } from "./source-batch.ts";
import { pooled } from "./text-pooling.ts";

/** Where a graph is to end. */
export interface Ending {
  /** Keeps the original classifier: features are its scores. */
  readonly includeTop?: boolean;
  /** How a map of features, `[batch, channels, height, width]`, becomes one row. Default: avg. */
  readonly pooling?: "avg" | "max";
  /** Name of the output to end at. Default: found in the graph. */
  readonly features?: string;
  /** Regular expression of the value to end at: the last that matches. */
  readonly lastHidden?: string;
  /** How the patches of a picture, `[batch, tokens, width]`, become one row. */
  readonly tokens?: "cls";
  /** How texts' tokens, `[batch, tokens, width]`, do. */
  readonly text?: Pick<TextPreprocessing, "mask" | "pooling">;
}

/** Ends a graph at its features, `[batch, features]`, adding the pooling that is missing; the output is named. */
export function endAtFeatures(graph: Graph, input: ValueInfo, ending: Ending, where: string): Graph {
  const end = ending.includeTop ? firstOutput(graph, where) : findEnd(graph, input, ending, where);
  const { dims } = end;
  if (dims.length === 2) return upTo(graph, [end.name]);
  if (ending.includeTop) throw noRow(where, end, "The file has no classifier: leave includeTop out");
  const whole = upTo(graph, [end.name]);
  if (ending.text !== undefined) return poolTokens(whole, end, ending.text, where);
  const g = graphBuilder(whole);
  const value = g.value(end.name);
  if (dims.length === 4) {
    const { pooling = "avg" } = ending;
    // Kept features go by this name: one for each way.
    return named(g, poolMap(g, value, pooling), pooling === "avg" ? "features" : `features.${pooling}`);
  }
  if (dims.length === 3 && ending.tokens === "cls")
    return named(g, g.op("Gather", [value, g.constant(int64([], [0]))], { axis: 1 }));
  throw noRow(where, end, "Say by `features` where to end");
}

function poolTokens(
  graph: Graph,
  end: ValueInfo,
  { mask, pooling }: Pick<TextPreprocessing, "mask" | "pooling">,
  where: string,
): Graph {
  const { dims, name } = end;
  if (dims.length === 3) return pooled(graph, name, mask, pooling);
  const width = dims.at(-1);
  // One text of several, `[batch, 1, tokens, width]`.
  if (dims.length !== 4 || dims[1] !== 1 || typeof width !== "number")
    throw noRow(where, end, "Say by `features` where to end");
  const g = graphBuilder(graph);
  const hidden = reshape(g, g.value(name), [0, -1, width]);
  return pooled(g.finish([hidden]), hidden.name, mask, pooling);
}

function named(g: OpenGraph, features: Value, name = "features"): Graph {
  return g.finish([g.name(features, g.fresh(name))]);
}

function poolMap(g: OpenGraph, map: Value, pooling: "avg" | "max"): Value {
  return g.op("Flatten", [g.op(pooling === "avg" ? "GlobalAveragePool" : "GlobalMaxPool", [map])], { axis: 1 });
}

function findEnd(graph: Graph, input: ValueInfo, ending: Ending, where: string): ValueInfo {
  if (ending.features !== undefined) return batched(graph, ending.features, where);
  const { values } = inferShapes(graph);
  if (ending.lastHidden !== undefined) {
    const pattern = new RegExp(ending.lastHidden);
    const name = graph.nodes.flatMap((node) => node.outputs).findLast((output) => pattern.test(output));
    if (name === undefined)
      throw fail(where, `no value of the file is like ${pattern}. Say by \`features\` where to end`);
    return batched(graph, name, where);
  }
  const output = firstOutput(graph, where);
  if (output.dims.length !== 2) return output;
  // Pictures that were made channels last for what follows are the same map once more.
  const lasts = new Set(graph.nodes.filter(isChannelsLast).flatMap((node) => node.outputs));
  const points = cutPoints(graph, input.name)
    .filter((name) => name !== input.name && !lasts.has(name))
    .flatMap((name) => values.get(name) ?? []);
  const map = points.findLast(({ dims }) => dims.length === 4 && area(dims) !== 1);
  if (map === undefined) return output;
  const width = map.dims[1];
  // The original's own pooling, and a normalization after it, belong to the features; hidden layers of its classifier do not.
  const row = points.findLast(({ name, dims }) => dims.length === 2 && dims[1] === width && name !== output.name);
  return ending.pooling === undefined && row !== undefined ? row : map;
}

function isChannelsLast({ op, attributes }: GraphNode): boolean {
  return op === "Transpose" && String(attributes.perm?.value) === "0,2,3,1";
}

function area(dims: ValueInfo["dims"]): number | undefined {
  const [height, width] = dims.slice(2);
  return typeof height === "number" && typeof width === "number" ? height * width : undefined;
}

function firstOutput(graph: Graph, where: string): ValueInfo {
  const output = graph.outputs[0];
  if (output === undefined) throw fail(where, "the graph has no output");
  return batched(graph, output.name, where);
}

function noRow(where: string, { name, dims }: ValueInfo, how: string): Error {
  return fail(where, `expected "${name}" to be [batch, features]; received [${dims.join(", ")}]. ${how}`);
}
