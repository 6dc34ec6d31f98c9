import { type Graph, type GraphNode, int64 } from "@graft-ml/core";
import { inferShapes } from "../inference.ts";
import { attributesOf } from "../operator.ts";
import { dropDead } from "./dead-nodes.ts";
import { rename } from "./half.ts";

/**
 * Joins neighbours that one operator can do: a reshape of a reshape, a transpose of a transpose (nothing, where they cancel),
 * and a product plus a bias (`Gemm`). `bindings` gives numbers to named dimensions; reshapes need static shapes to be joined.
 */
export function fuse(graph: Graph, bindings: Readonly<Record<string, number>> = {}): Graph {
  const { values } = inferShapes(graph, bindings);
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const producers = new Map<string, GraphNode>();
  const initializers = new Map(graph.initializers);
  const readers = new Map<string, number>();
  for (const node of graph.nodes) for (const name of node.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const dims = (name: string): readonly number[] | undefined => {
    const shape = values.get(name)?.dims;
    return shape?.every((dim): dim is number => typeof dim === "number") ? shape : undefined;
  };
  const shapeName = (shape: readonly number[]): string => {
    const name = `fused shape [${shape.join(",")}]`;
    initializers.set(name, int64([shape.length], shape));
    return name;
  };

  const names = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const original of graph.nodes) {
    let node = rename(original, names);
    const source = producers.get(node.inputs[0] ?? "");
    const output = node.outputs[0]!;
    if (node.op === "Reshape" && source?.op === "Reshape") {
      const shape = dims(output);
      if (shape !== undefined) node = { ...node, attributes: {}, inputs: [source.inputs[0]!, shapeName(shape)] };
    } else if (node.op === "Transpose" && source?.op === "Transpose") {
      node = composed(node, source, values.get(output)!.dims.length);
    } else if (node.op === "Add") {
      node = biased(node, producers, readers, outputs, dims) ?? node;
    }
    const shape = dims(output);
    const from = dims(node.inputs[0] ?? "");
    const idle =
      (node.op === "Reshape" && shape !== undefined && from?.join() === shape.join()) ||
      (node.op === "Transpose" &&
        permutation(node, shape?.length ?? 0).every((axis, i) => axis === i) &&
        shape !== undefined);
    if (idle && !outputs.has(output)) names.set(output, node.inputs[0]!);
    else nodes.push(node);
    for (const name of node.outputs) producers.set(name, node);
  }
  return dropDead({ ...graph, initializers, nodes }, { keepInputs: true });
}

function permutation(node: GraphNode, rank: number): readonly number[] {
  return attributesOf(node).ints(
    "perm",
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
}

/** Two transposes as one: axis i of the result is axis `inner[outer[i]]` of the source. */
function composed(outer: GraphNode, inner: GraphNode, rank: number): GraphNode {
  const before = permutation(inner, rank);
  const perm = permutation(outer, rank).map((axis) => before[axis]!);
  return { ...outer, inputs: [inner.inputs[0]!], attributes: { perm: { type: "ints", value: perm } } };
}

/** `MatMul` of two matrices plus a row vector, read by nobody else. */
function biased(
  node: GraphNode,
  producers: ReadonlyMap<string, GraphNode>,
  readers: ReadonlyMap<string, number>,
  outputs: ReadonlySet<string>,
  dims: (name: string) => readonly number[] | undefined,
): GraphNode | undefined {
  for (const [product, bias] of [node.inputs, [...node.inputs].reverse()] as [string, string][]) {
    const source = producers.get(product);
    const alone = readers.get(product) === 1 && !outputs.has(product);
    if (source?.op !== "MatMul" || !alone || dims(bias)?.length !== 1) continue;
    if (source.inputs.some((name) => dims(name)?.length !== 2)) continue;
    return { ...node, op: "Gemm", inputs: [source.inputs[0]!, source.inputs[1]!, bias] };
  }
  return undefined;
}
