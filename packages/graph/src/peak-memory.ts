import { elementBytes, type Graph, sizeOf, type Value } from "@graft-ml/core";
import { type FindOperator, inferShapes } from "./inference.ts";

/** Bytes that a run of a graph needs, by the life of its values. */
export interface PeakMemory {
  /** Weights and other initializers. */
  readonly initializers: number;
  /** Inputs, which live through the whole run. */
  readonly inputs: number;
  /** Largest sum of values that are alive at the same time, outputs included. */
  readonly values: number;
}

/** What `peakMemory` may be told. */
export interface PeakMemoryOptions {
  /** Knows an engine's own operators, as for `graphBuilder`. */
  readonly find?: FindOperator;
  /** Values whose memory the caller holds anyway; they are not counted. */
  readonly held?: ReadonlySet<string>;
}

/** Predicts a run's memory from shapes alone: a value lives from its node to its last reader. All dimensions need numbers. */
export function peakMemory(
  graph: Graph,
  bindings: Readonly<Record<string, number>> = {},
  { find, held }: PeakMemoryOptions = {},
): PeakMemory {
  const { values } = inferShapes(graph, bindings, find);
  const bytes = (value: Value | undefined): number =>
    value === undefined
      ? 0
      : sizeOf(value.dims.map((dim) => (typeof dim === "number" ? dim : 1))) * elementBytes(value.dtype);
  const last = new Map<string, number>();
  for (const [i, node] of graph.nodes.entries()) for (const name of node.inputs) last.set(name, i);
  for (const output of graph.outputs) last.set(output.name, graph.nodes.length);
  const dying = new Map<number, string[]>();
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const [name, i] of last) if (made.has(name)) dying.set(i, [...(dying.get(i) ?? []), name]);

  let alive = 0;
  let peak = 0;
  for (const [i, node] of graph.nodes.entries()) {
    for (const name of node.outputs) if (last.has(name) && !held?.has(name)) alive += bytes(values.get(name));
    peak = Math.max(peak, alive);
    for (const name of dying.get(i) ?? []) if (!held?.has(name)) alive -= bytes(values.get(name));
  }
  const total = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + bytes(values.get(name)), 0);
  return {
    initializers: total(graph.initializers.keys()),
    inputs: total(graph.inputs.map((input) => input.name)),
    values: peak,
  };
}
