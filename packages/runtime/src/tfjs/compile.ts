import { type DType, fail, GraftError, type Graph, type GraphNode } from "@graft-ml/core";
import type { Device } from "./device.ts";
import { COMPUTED, nodeReader } from "./kernel.ts";
import { operators } from "./operators/index.ts";
import type { Value } from "./value.ts";

/** A node with what runs it. */
export interface Step {
  readonly node: GraphNode;
  run(inputs: readonly (Value | undefined)[]): readonly Value[];
}

const WHERE = "runtime/tfjs";

/** Chooses a node's kernel; an operator without one is refused here, before anything runs. */
export function compile(graph: Graph, node: GraphNode, device: Device): Step {
  const opset = graph.opsets[node.domain] ?? 1;
  const standard = node.domain === "" || node.domain === "ai.onnx";
  const kernel = operators[standard ? node.op : `${node.domain}.${node.op}`];
  if (kernel === undefined) {
    throw fail(
      WHERE,
      `node "${node.name}" uses operator "${standard ? "" : `${node.domain}.`}${node.op}" (opset ${opset}), which this engine cannot run`,
    );
  }
  const reader = nodeReader(node, opset);
  const run = kernel(reader, device);
  return {
    node,
    run(inputs) {
      try {
        const result = run(inputs);
        return Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
      } catch (cause) {
        if (cause instanceof GraftError) throw cause;
        throw fail(WHERE, `node "${node.name}" (${node.op}) failed: ${(cause as Error).message}`, { cause });
      }
    },
  };
}

// Operators that only move elements, which is safe in a wider type too.
const MOVES: ReadonlySet<string> = new Set(
  "Concat Expand Flatten Gather Identity Pad Reshape Slice Split Squeeze Tile Transpose Unsqueeze".split(" "),
);

// Operators on numbers of 8 bits, with the outputs that are such: others must not compute in those.
const QUANTIZED: Readonly<Record<string, readonly number[]>> = {
  ConvInteger: [],
  DequantizeLinear: [],
  DynamicQuantizeLinear: [0, 2],
  MatMulInteger: [],
  QLinearConv: [0],
  QLinearMatMul: [0],
  QuantizeLinear: [0],
};

/** Refuses graphs that compute in types which the kernels lack, rather than computing in fewer bits. */
export function checkTypes(graph: Graph): void {
  const foreign = new Map<string, DType>();
  const note = (name: string, dtype: DType) => {
    if (!COMPUTED.has(dtype)) foreign.set(name, dtype);
  };
  for (const { name, dtype } of graph.inputs) note(name, dtype);
  for (const [name, tensor] of graph.initializers) note(name, tensor.dtype);
  for (const node of graph.nodes) {
    const value = node.attributes.value;
    if (node.op === "Constant" && value?.type === "tensor") note(node.outputs[0]!, value.value.dtype);
    const quantized = QUANTIZED[node.op];
    if (quantized !== undefined) {
      for (const i of quantized) if (node.outputs[i]) note(node.outputs[i], "uint8");
      continue;
    }
    const name = node.inputs.find((input) => foreign.has(input));
    if (name === undefined || node.op === "Cast" || node.op === "Shape" || node.op === "Size") continue;
    const dtype = foreign.get(name)!;
    if (MOVES.has(node.op)) for (const output of node.outputs) note(output, dtype);
    else {
      throw fail(
        WHERE,
        `node "${node.name}" (${node.op}) computes in ${dtype} ("${name}"), which this engine cannot; cast it to float32 or use the onnxruntime engine`,
      );
    }
  }
  for (const { name } of graph.outputs) {
    const dtype = foreign.get(name);
    if (dtype?.includes("float"))
      throw fail(WHERE, `output "${name}" is ${dtype}, which this engine cannot hold; cast it to float32`);
  }
}
