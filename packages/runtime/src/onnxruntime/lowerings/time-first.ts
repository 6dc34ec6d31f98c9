import type { Graph, GraphNode } from "@graft-ml/core";

const RECURRENT: ReadonlySet<string> = new Set(["GRU", "LSTM", "RNN"]);
/** Inputs of a recurrent operator that have a batch axis: the sequence, and the states before it. */
const BATCHED: ReadonlySet<number> = new Set([0, 5, 6]);

/** Puts transposes around recurrent operators whose first axis is the batch, a layout that ONNX Runtime refuses. */
export function timeFirst(graph: Graph): Graph {
  if (!graph.nodes.some(isBatchFirst)) return graph;
  return { ...graph, nodes: graph.nodes.flatMap((node) => (isBatchFirst(node) ? turned(node) : [node])) };
}

function isBatchFirst({ domain, op, attributes }: GraphNode): boolean {
  return domain === "" && RECURRENT.has(op) && attributes.layout?.value === 1;
}

function turned(node: GraphNode): GraphNode[] {
  const inner = (name: string, i: number): string => `${node.name}/time first ${i} ${name}`;
  const { layout: _, ...attributes } = node.attributes;
  const before = node.inputs.flatMap((name, i) =>
    name !== "" && BATCHED.has(i) ? [transpose(name, inner(name, i), [1, 0, 2])] : [],
  );
  const after = node.outputs.flatMap((name, i) =>
    name === "" ? [] : [transpose(inner(name, i), name, i === 0 ? [2, 0, 1, 3] : [1, 0, 2])],
  );
  const middle: GraphNode = {
    ...node,
    attributes,
    inputs: node.inputs.map((name, i) => (name !== "" && BATCHED.has(i) ? inner(name, i) : name)),
    outputs: node.outputs.map((name, i) => (name === "" ? "" : inner(name, i))),
  };
  return [...before, middle, ...after];
}

function transpose(from: string, to: string, perm: readonly number[]): GraphNode {
  return {
    name: to,
    op: "Transpose",
    domain: "",
    inputs: [from],
    outputs: [to],
    attributes: { perm: { type: "ints", value: perm } },
  };
}
