import type { Graph, PrepareOptions, Tensors } from "@graft-ml/core";
import { dropDead, peakMemory } from "@graft-ml/graph";
import { findBlocked } from "./lowerings/blocked-layout.ts";
import { type LoweringOptions, lowerPrimitives } from "./lowerings/index.ts";

// Measured over steps of EfficientNet-Lite0, docs/proofs/step-memory.md: how much more than the living values the arena takes,
// since its free pieces rarely fit exactly, and what a session needs before any value: its code, threads, graph and buffers.
const ARENA = 1.2;
const SESSION = 75e6;

/** Bytes that a session of this graph and its runs will take. */
export function predictMemory(
  graph: Graph,
  bindings: Readonly<Record<string, number>> = {},
  { carry = {}, initial = {} }: PrepareOptions = {},
  lowering: LoweringOptions = {},
): number {
  const lowered = dropDead(lowerPrimitives(graph, lowering), { keepInputs: true });
  const held = new Set(Object.values(carry));
  const { initializers, inputs, values } = peakMemory(lowered, bindings, {
    find: findBlocked(lowering.block ?? 0),
    held,
  });
  // Carried values have a second buffer, which a run writes into.
  return initializers + inputs + bytesOf(initial) + ARENA * values + SESSION;
}

function bytesOf(tensors: Tensors): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}
