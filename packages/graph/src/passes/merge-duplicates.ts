import type { Graph, GraphNode } from "@graft-ml/core";
import { dropDead } from "./dead-nodes.ts";
import { rename } from "./half.ts";

/** Computes equal things once: a node with the operator, inputs and attributes of an earlier one is replaced by it. */
export function mergeDuplicates(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const names = new Map<string, string>();
  const seen = new Map<string, GraphNode>();
  const nodes: GraphNode[] = [];
  for (const original of graph.nodes) {
    const node = rename(original, names);
    const key = keyOf(node);
    const twin = key === undefined ? undefined : seen.get(key);
    if (twin === undefined || node.outputs.some((name) => outputs.has(name))) {
      nodes.push(node);
      if (key !== undefined && twin === undefined) seen.set(key, node);
    } else {
      for (const [i, name] of node.outputs.entries()) names.set(name, twin.outputs[i]!);
    }
  }
  return dropDead({ ...graph, nodes }, { keepInputs: true });
}

/** Tensors as attributes are not compared: constants are rarely equal and may be large. */
function keyOf({ op, domain, inputs, outputs, attributes }: GraphNode): string | undefined {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.some(([, attribute]) => attribute.type === "tensor")) return undefined;
  // JSON has no infinities and one zero, and clipping bounds use both.
  const exact = (_: string, value: unknown): unknown =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? `number ${Object.is(value, -0) ? "-0" : value}`
      : value;
  return JSON.stringify([op, domain, inputs, outputs.length, entries], exact);
}
