import type { Graph } from "@graft-ml/core";

/** The nodes that a set of outputs needs, and what may be freed after each. */
export interface Plan {
  /** Indices into the graph's nodes, in order. */
  readonly nodes: readonly number[];
  /** For each of `nodes` the values that nobody reads afterwards. */
  readonly frees: readonly (readonly string[])[];
}

/** Finds the nodes behind `outputs` among those of `candidates`, and each value's last reader. */
export function plan(graph: Graph, outputs: readonly string[], candidates: (index: number) => boolean): Plan {
  const kept = new Set(outputs);
  const needed = new Set(outputs);
  const nodes: number[] = [];
  const last = new Map<string, number>();
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]!;
    if (!candidates(index) || !node.outputs.some((name) => needed.has(name))) continue;
    nodes.unshift(index);
    // Read backwards, so that the first reader seen is the last to run; an output that nobody reads dies at once.
    for (const name of [...node.outputs, ...node.inputs]) {
      if (name !== "" && !last.has(name)) last.set(name, index);
    }
    for (const name of node.inputs) needed.add(name);
  }
  const dying = new Map<number, string[]>();
  for (const [name, index] of last) {
    if (!kept.has(name)) dying.set(index, [...(dying.get(index) ?? []), name]);
  }
  return { nodes, frees: nodes.map((index) => dying.get(index) ?? []) };
}

/** Marks the nodes whose inputs all come from initializers, so that they run once. */
export function constantNodes(graph: Graph, constants: ReadonlySet<string>): ReadonlySet<number> {
  const known = new Set(constants);
  const found = new Set<number>();
  graph.nodes.forEach((node, index) => {
    if (!node.inputs.every((name) => name === "" || known.has(name))) return;
    found.add(index);
    for (const name of node.outputs) known.add(name);
  });
  return found;
}
