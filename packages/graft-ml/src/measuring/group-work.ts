import { type Graph, type GraphNode, type LayerGroup, sizeOf, type Value } from "@graft-ml/core";
import { inferShapes, producersOf } from "@graft-ml/graph";

/** Work of one element that an operator makes, in multiply-adds of a product: what it costs to read and write it. */
const ELEMENT = 24;
/** Tokens of a text that stand for all. */
const TOKENS = 32;

/**
 * How much of a forward pass each layer group is, from shapes: multiply-adds of convolutions and matrix products, and the elements that
 * all operators write. In the order of the groups; they add up to 1.
 */
export function groupWork(graph: Graph, groups: readonly LayerGroup[]): number[] {
  const { values } = inferShapes(graph, { batch: 1, tokens: TOKENS });
  const producers = producersOf(graph);
  const done = new Set<GraphNode>();
  const work = groups.map(({ boundary }) => {
    let sum = 0;
    const open = [boundary];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = producers.get(name);
      if (node === undefined || done.has(node)) continue;
      done.add(node);
      sum += workOf(node, values);
      open.push(...node.inputs);
    }
    return sum;
  });
  const total = work.reduce((a, b) => a + b, 0);
  return work.map((each) => each / total);
}

function workOf(node: GraphNode, values: ReadonlyMap<string, Value>): number {
  const size = (name: string | undefined): number => {
    const { dtype = "", dims = [] } = values.get(name ?? "") ?? {};
    return dtype.startsWith("float") ? sizeOf(dims.map((dim) => (typeof dim === "number" ? dim : 1))) : 0;
  };
  const written = node.outputs.reduce((sum, name) => sum + size(name), 0);
  return written * (ELEMENT + depthOf(node, values));
}

/** Multiply-adds for each element that a node makes. */
function depthOf({ op, inputs }: GraphNode, values: ReadonlyMap<string, Value>): number {
  const dims = (place: number): readonly (number | string)[] => values.get(inputs[place] ?? "")?.dims ?? [];
  const number = (dim: number | string | undefined): number => (typeof dim === "number" ? dim : 1);
  if (op.endsWith("Conv"))
    return dims(1)
      .slice(1)
      .map(number)
      .reduce((a, b) => a * b, 1);
  return op.endsWith("MatMul") || op.endsWith("Gemm") ? number(dims(0).at(-1)) : 0;
}
