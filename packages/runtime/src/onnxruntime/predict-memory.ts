import type { Graph, PrepareOptions, Tensors } from "@graft-ml/core";
import { peakMemory } from "@graft-ml/graph";
import { carriedBytes } from "../carried.ts";
import { findBlocked } from "./lowerings/blocked-layout.ts";
import type { LoweringOptions } from "./lowerings/index.ts";
import { sessionGraph } from "./session-graph.ts";

// Measured over steps of EfficientNet-Lite0, docs/proofs/step-memory.md: how much more than the living values the arena takes,
// since its free pieces rarely fit exactly, and what a session needs before any value: its code, threads, graph and buffers.
const ARENA = 1.2;
const SESSION = 75e6;

/** Bytes that a session of this graph and its runs will take. */
export function predictMemory(
  graph: Graph,
  bindings: Readonly<Record<string, number>> = {},
  options: PrepareOptions = {},
  lowering: LoweringOptions = {},
): number {
  const { carry = {}, initial } = options;
  const held = new Set(Object.values(carry));
  const { initializers, inputs, values } = peakMemory(sessionGraph(graph, lowering), bindings, {
    find: findBlocked(lowering.block ?? 0),
    held,
  });
  // Carried values have a second buffer, which a run writes into; those without first values are another program's.
  const carried = initial === undefined ? -carriedBytes(graph, options) : bytesOf(initial);
  return initializers + inputs + carried + ARENA * values + SESSION;
}

function bytesOf(tensors: Tensors): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}
