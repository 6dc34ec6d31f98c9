import { float32, type Graph, type Value as GraphValue, type Tensor, tensor } from "@graft-ml/core";
import {
  attributesOf,
  type Decompose,
  decompositions,
  emptyGraph,
  graphBuilder,
  type OpenGraph,
} from "@graft-ml/graph";
import { compile, type Step } from "../compile.ts";
import type { Device } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { plan } from "../plan.ts";
import { dispose, hostInts, logical, shared, uploaded, type Value } from "../value.ts";

/** Operator set in which nodes of other domains are written out. */
const MODERN = 17;

interface Written {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  /** What each node was the last to read. */
  readonly frees: readonly (readonly string[])[];
}

/** Inputs of an operator whose values decide what is written; they stay small. */
const STRUCTURAL: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2, 3], Upsample: [1] };

/** More sets of shapes than this are not remembered. */
const MOST_SHAPES = 16;

/** Every operator that is run as the standard operators that `packages/graph` writes it in. */
export const writtenOperators: Readonly<Record<string, Kernel>> = Object.fromEntries(
  Object.entries(decompositions).map(([name, decompose]) => [name, written(decompose, STRUCTURAL[name])]),
);

/**
 * Runs a node as the standard operators that `packages/graph` writes it in, built anew for each set of shapes and
 * of `structural` inputs.
 */
function written(decompose: Decompose, structural: readonly number[] = []): Kernel {
  return (reader, device) => {
    const { node } = reader;
    const opset = node.domain === "" || node.domain === "ai.onnx" ? reader.opset : MODERN;
    const known = new Map<string, Written>();
    return (inputs) => {
      const constants = new Map(
        structural.flatMap((i) => (inputs[i] === undefined ? [] : [[i, downloaded(inputs[i], device)] as const])),
      );
      const values = [...constants].map(([i, { data }]) => `${i}: ${data.join()}`);
      const key = [...inputs.map((input) => input && `${input.dtype} ${input.dims.join()}`), ...values].join("; ");
      let found = known.get(key);
      if (found === undefined) {
        const g = graphBuilder({ ...emptyGraph(opset), name: "written" });
        const operands = inputs.map(
          (input, i): GraphValue | undefined => input && g.input(`input ${i}`, input.dtype, input.dims),
        );
        const attributes = attributesOf(node);
        const outputs = decompose({ node, attributes, inputs: operands, constant: (i) => constants.get(i), g });
        found = compiled(g, outputs.slice(0, node.outputs.length), device);
        if (known.size >= MOST_SHAPES) known.clear();
        known.set(key, found);
      }
      return executed(found, inputs, device);
    };
  };
}

function compiled(g: OpenGraph, outputs: readonly GraphValue[], device: Device): Written {
  const graph = g.finish(outputs);
  const { nodes, frees } = plan(
    graph,
    outputs.map((output) => output.name),
    () => true,
  );
  return { graph, steps: nodes.map((index) => compile(graph, graph.nodes[index]!, device)), frees };
}

function executed({ graph, steps, frees }: Written, inputs: readonly (Value | undefined)[], device: Device): Value[] {
  const fed = new Map<string, Value>(
    inputs.flatMap((value, i) => (value === undefined ? [] : [[`input ${i}`, value] as const])),
  );
  const made = new Map<string, Value>();
  const get = (name: string): Value => {
    const present = fed.get(name) ?? made.get(name);
    if (present !== undefined) return present;
    const constant = uploaded(graph.initializers.get(name)!, device);
    made.set(name, constant);
    return constant;
  };
  try {
    steps.forEach(({ node, run }, i) => {
      const results = run(node.inputs.map((name) => (name === "" ? undefined : get(name))));
      node.outputs.forEach((name, k) => {
        if (results[k] !== undefined) made.set(name, results[k]);
      });
      for (const name of frees[i]!) drop(made, name);
    });
    return graph.outputs.map(({ name }) => shared(get(name), device));
  } finally {
    for (const name of [...made.keys()]) drop(made, name);
  }
}

function drop(made: Map<string, Value>, name: string): void {
  const value = made.get(name);
  if (value === undefined) return;
  made.delete(name);
  dispose(value);
}

function downloaded(value: Value, device: Device): Tensor {
  if (value.dtype === "float32") return float32(value.dims, device.readSync(logical(value, device)) as Float32Array);
  return tensor("int32", value.dims, Int32Array.from(hostInts(value, device)));
}
