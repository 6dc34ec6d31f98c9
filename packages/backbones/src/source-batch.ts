import { fail, type Graph, type GraphNode, int64, toNumbers, type ValueInfo } from "@graft-ml/core";
import { inferShapes } from "@graft-ml/graph";
import { PROBES } from "./source-shapes.ts";

/** Name of the first dimension of every input and of what follows from it. */
const BATCH = "batch";

/**
 * Lets a graph that was written for one batch size take any: inputs begin with `batch`, and a Reshape that wrote the size down copies
 * it instead.
 */
export function openBatch(graph: Graph): Graph {
  const size = graph.inputs.map(({ dims }) => dims[0]).find((dim) => typeof dim === "number");
  const inputs = graph.inputs.map((info) => ({ ...info, dims: [BATCH, ...info.dims.slice(1)] }));
  const opened = size === undefined ? { ...graph, inputs } : copyBatch({ ...graph, inputs }, size);
  const { values } = inferShapes(opened);
  return { ...opened, outputs: opened.outputs.map((info) => values.get(info.name) ?? info) };
}

function copyBatch(graph: Graph, size: number): Graph {
  const initializers = new Map(graph.initializers);
  const fed = new Set(graph.inputs.map(({ name }) => name));
  const nodes = graph.nodes.map((node): GraphNode => {
    if (!node.inputs.some((name) => fed.has(name))) return node;
    for (const name of node.outputs) fed.add(name);
    const shape = node.op === "Reshape" ? graph.initializers.get(node.inputs[1]!) : undefined;
    if (shape === undefined || node.attributes.allowzero?.value === 1) return node;
    const dims = Array.from(toNumbers(shape));
    if (dims[0] !== size) return node;
    const name = `${node.inputs[1]}/batch`;
    initializers.set(name, int64([dims.length], [0, ...dims.slice(1)]));
    return { ...node, inputs: [node.inputs[0]!, name] };
  });
  return { ...graph, nodes, initializers };
}

/** A value that begins with the batch; another one mixes samples, or was written for one size. */
export function batched(graph: Graph, name: string, where: string): ValueInfo {
  const info = inferShapes(graph).values.get(name);
  if (info === undefined) throw fail(where, `the graph has no value "${name}"`);
  if (info.dims[0] !== BATCH && !isBatchAlways(graph, name)) {
    throw fail(
      where,
      `expected "${name}" to be [batch, ...]; received [${info.dims.join(", ")}]. Export the model with a batch of any size`,
    );
  }
  return info;
}

/** Whether a value whose first dimension the graph computes has the batch there, whatever its size. */
function isBatchAlways(graph: Graph, name: string): boolean {
  return PROBES.every((sizes) => inferShapes(graph, sizes).values.get(name)?.dims[0] === sizes.batch);
}
