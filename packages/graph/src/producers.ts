import type { Graph, GraphNode } from "@graft-ml/core";

/** Operators that hand a value on in another shape or type. */
const SAME_VALUES: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Dropout",
]);

/** Which node makes each value. */
export function producersOf(graph: Graph): ReadonlyMap<string, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** How often each value is read, by nodes and as an output. */
export function readerCounts({ nodes, outputs }: Graph): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

/** The value that a value was before it was reshaped, transposed or cast. */
export function source(name: string, producers: ReadonlyMap<string, GraphNode>): string {
  const node = producers.get(name);
  return node !== undefined && SAME_VALUES.has(node.op) ? source(node.inputs[0]!, producers) : name;
}

/** Whether a value is made by an operator, or from what it makes, within so many nodes; reshaping and the like do not count. */
export function leadsBackTo(
  op: string,
  name: string,
  producers: ReadonlyMap<string, GraphNode>,
  within: number,
): boolean {
  const node = producers.get(source(name, producers));
  if (node === undefined || within === 0) return false;
  return node.op === op || node.inputs.some((input) => input !== "" && leadsBackTo(op, input, producers, within - 1));
}
