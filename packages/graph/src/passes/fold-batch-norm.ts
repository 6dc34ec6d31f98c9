import { float32, type Graph, type GraphNode, type Tensor } from "@graft-ml/core";
import { attributesOf } from "../operator.ts";
import { producersOf, readerCounts } from "../producers.ts";
import { dropDead } from "./dead-nodes.ts";

/**
 * Folds batch normalisation with fixed statistics into the convolution before it.
 * A frozen kernel is scaled once, here; a kernel in `variables` stays and is scaled by a node, so that its gradient is unchanged.
 * A normalisation whose own scale or shift is in `variables`, or that does not follow a convolution alone, is left as it is.
 */
export function foldBatchNorm(graph: Graph, variables: ReadonlySet<string> = new Set()): Graph {
  const readers = readerCounts(graph);
  const producers = producersOf(graph);
  const initializers = new Map(graph.initializers);
  const replaced = new Map<GraphNode, readonly GraphNode[]>();
  for (const norm of graph.nodes) {
    const conv = norm.op === "BatchNormalization" ? producers.get(norm.inputs[0]!) : undefined;
    if (conv?.op !== "Conv" || readers.get(norm.inputs[0]!) !== 1) continue;
    if (norm.inputs.slice(1).some((name) => variables.has(name) || !graph.initializers.has(name))) continue;
    const kernel = graph.initializers.get(conv.inputs[1]!);
    const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined;
    if (kernel === undefined || (conv.inputs[2] && (bias === undefined || variables.has(conv.inputs[2])))) continue;

    const { scale, shift } = affine(norm, graph.initializers, bias);
    const [weightName, shiftName] = [`${norm.name}/folded`, `${norm.name}/shift`];
    initializers.set(shiftName, float32([shift.length], shift));
    const nodes: GraphNode[] = [];
    if (variables.has(conv.inputs[1]!)) {
      const scaleName = `${norm.name}/scale`;
      initializers.set(scaleName, float32([scale.length, ...kernel.dims.slice(1).map(() => 1)], scale));
      nodes.push({
        name: weightName,
        op: "Mul",
        domain: "",
        inputs: [conv.inputs[1]!, scaleName],
        outputs: [weightName],
        attributes: {},
      });
    } else {
      initializers.set(weightName, scaled(kernel, scale));
    }
    nodes.push({ ...conv, inputs: [conv.inputs[0]!, weightName, shiftName], outputs: norm.outputs.slice(0, 1) });
    replaced.set(conv, []);
    replaced.set(norm, nodes);
  }
  return dropDead(
    { ...graph, initializers, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) },
    { keepInputs: true },
  );
}

/** y = scale · x + shift of a normalisation, with a preceding bias drawn in; computed in float64. */
function affine(
  norm: GraphNode,
  initializers: ReadonlyMap<string, Tensor>,
  bias: Tensor | undefined,
): { scale: Float64Array; shift: Float64Array } {
  const [gamma, beta, mean, variance] = norm.inputs
    .slice(1)
    .map((name) => initializers.get(name)!.data as Float32Array);
  const epsilon = attributesOf(norm).float("epsilon", 1e-5);
  const scale = Float64Array.from(gamma!, (value, i) => value / Math.sqrt(variance![i]! + epsilon));
  const shift = Float64Array.from(beta!, (value, i) => value + (Number(bias?.data[i] ?? 0) - mean![i]!) * scale[i]!);
  return { scale, shift };
}

function scaled(kernel: Tensor, scale: Float64Array): Tensor {
  const values = kernel.data as Float32Array;
  const each = values.length / scale.length;
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = values[i]! * scale[Math.floor(i / each)]!;
  return float32(kernel.dims, result);
}
