import { elementBytes, type Graph, sizeOf, type Value } from "@graft-ml/core";
import { inferShapes } from "./inference.ts";

/** Bytes that a run of a graph needs, by the life of its values. */
export interface PeakMemory {
  /** Weights and other initializers. */
  readonly initializers: number;
  /** Inputs, which live through the whole run. */
  readonly inputs: number;
  /** Largest sum of values that are alive at the same time, outputs included. */
  readonly values: number;
}

/** Predicts a run's memory from shapes alone: a value lives from its node to its last reader. All dimensions need numbers. */
export function peakMemory(graph: Graph, bindings: Readonly<Record<string, number>> = {}): PeakMemory {
  const { values } = inferShapes(graph, bindings);
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
    for (const name of node.outputs) if (last.has(name)) alive += bytes(values.get(name));
    peak = Math.max(peak, alive);
    for (const name of dying.get(i) ?? []) alive -= bytes(values.get(name));
  }
  const total = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + bytes(values.get(name)), 0);
  return {
    initializers: total(graph.initializers.keys()),
    inputs: total(graph.inputs.map((input) => input.name)),
    values: peak,
  };
}
