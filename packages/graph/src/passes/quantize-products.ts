import { fail, float32, type Graph, type Tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "../builder.ts";
import { rewrite } from "../rewrite.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";

/** Weights of fewer numbers than this stay: what they cost is not their product. */
const SMALLEST = 4096;
/** Opset that brought `DynamicQuantizeLinear`. */
const SINCE = 11;
/**
 * Largest integer a weight becomes. Processors without dot-product instructions add two products of a uint8 and an int8 in 16 bits:
 * 2 · 255 · 64 fits, 2 · 255 · 127 would be cut off without a word.
 */
const LARGEST = 64;

/**
 * Turns products with constant matrices into integer ones: each column of a weight becomes int8 with a scale of its own, and
 * what it meets becomes uint8 by the range that it has at run time (dynamic quantisation). An approximation: measure what it costs.
 */
export function quantizeProducts(graph: Graph): Graph {
  const opset = graph.opsets[""] ?? 0;
  if (opset < SINCE) {
    throw fail("graph/quantize", `expected a model of operator set ${SINCE} or later; this one has ${opset}`);
  }
  const made = new Map<string, readonly [integers: Value, scales: Value]>();
  const quantized = rewrite(graph, (node, g) => {
    const weight = node.op === "MatMul" && node.domain === "" ? graph.initializers.get(node.inputs[1]!) : undefined;
    if (weight?.dtype !== "float32" || weight.dims.length !== 2 || weight.data.length < SMALLEST) return undefined;
    const name = node.inputs[1]!;
    const [integers, scales] = made.get(name) ?? columns(g, name, weight);
    made.set(name, [integers, scales]);
    const [x, step, zero] = dynamic(g, node.inputs[0]!);
    const sums = g.op("Cast", [g.op("MatMulInteger", [x, integers, zero])], { to: 1 });
    return [g.op("Mul", [sums, g.op("Mul", [step, scales])])];
  });
  // Products that read one value share its quantisation.
  return mergeDuplicates(quantized);
}

/** The three outputs of `DynamicQuantizeLinear`: value, scale, zero point. */
function dynamic(g: OpenGraph, input: string): readonly [Value, Value, Value] {
  const outputs = ["quantized", "scale", "zero"].map((part) => g.fresh(`${input}/${part}`));
  g.append({ name: outputs[0]!, op: "DynamicQuantizeLinear", domain: "", inputs: [input], outputs, attributes: {} });
  return outputs.map((name) => g.value(name)) as [Value, Value, Value];
}

/** Adds a matrix `[rows, columns]` as int8, symmetric around zero, and its float32 scale of each column, under the matrix's name. */
function columns(g: OpenGraph, name: string, { dims, data }: Tensor): readonly [Value, Value] {
  const [rows, count] = dims as [number, number];
  const scales = new Float32Array(count);
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i] as number);
    if (size > scales[i % count]!) scales[i % count] = size;
  }
  // A column of zeros needs a scale, too.
  for (let k = 0; k < count; k++) scales[k] = (scales[k] || 1) / LARGEST;
  const values = new Int8Array(rows * count);
  for (let i = 0; i < values.length; i++) values[i] = Math.round((data[i] as number) / scales[i % count]!);
  const integers: Tensor = { dtype: "int8", dims, data: values };
  return [
    g.parameter(g.fresh(`${name}.int8`), integers),
    g.parameter(g.fresh(`${name}.scale`), float32([count], scales)),
  ];
}
