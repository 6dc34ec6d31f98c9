import {
  type Attribute,
  type DType,
  float32,
  type Graph,
  type GraphNode,
  int64,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { emptyGraph, graphBuilder, type OpenGraph, writeModel } from "@graft-ml/graph";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";

/** One input: random numbers of a type, or given ones. */
export type LayerInput = { readonly dtype: DType; readonly dims: readonly number[] } | Tensor;

/** One graph to run on every engine. */
export interface LayerCase {
  readonly name: string;
  /** Operator set of the graph. Default: 18. */
  readonly opset?: number;
  readonly inputs: readonly LayerInput[];
  /** Largest difference relative to the largest expected value. Default: 2e-6. */
  readonly tolerance?: number;
  /** Set where the first output is an affine function of the first input, so that its gradient can be checked by that. */
  readonly affine?: boolean;
  build(g: OpenGraph, ...inputs: Value[]): Value | readonly Value[];
}

/** Attributes as a node has them: plain numbers and words, `{ float }`, or typed. */
export type LayerAttributes = Readonly<
  Record<string, number | string | readonly number[] | readonly string[] | { readonly float: number } | Attribute>
>;

/** Random float32 numbers. */
export const f = (...dims: number[]): LayerInput => ({ dtype: "float32", dims });

/** A float32 vector in the graph. */
export const floats = (g: OpenGraph, ...values: number[]): Value => g.constant(float32([values.length], values));

/** An int64 vector in the graph. */
export const ints = (g: OpenGraph, ...values: number[]): Value => g.constant(int64([values.length], values));

/** Adds a node with any number of outputs; an empty name leaves one out. */
export function add(
  g: OpenGraph,
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: LayerAttributes = {},
  outputs: readonly string[] = ["y"],
  domain: string = "",
): Value[] {
  const name = g.fresh(op);
  const names = outputs.map((output) => (output === "" ? "" : g.fresh(output)));
  const node: GraphNode = {
    name,
    op,
    domain,
    inputs: inputs.map((input) => input?.name ?? ""),
    outputs: names,
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, typed(value)])),
  };
  g.append(node);
  return names.filter((output) => output !== "").map((output) => g.value(output));
}

function typed(value: LayerAttributes[string]): Attribute {
  if (typeof value === "number") return { type: "int", value };
  if (typeof value === "string") return { type: "string", value };
  if (Array.isArray(value)) {
    const words = typeof value[0] === "string";
    return words ? { type: "strings", value: value as string[] } : { type: "ints", value: value as number[] };
  }
  if ("float" in value) return { type: "float", value: value.float };
  return value as Attribute;
}

/** A builder of an operator set, the contributed domain included. */
export function builder(opset: number): OpenGraph {
  return graphBuilder({ ...emptyGraph(opset), name: "layers", opsets: { "": opset, "com.microsoft": 1 } });
}

/** A case's graph, and numbers to feed it. */
export function prepared(one: LayerCase): { graph: Graph; feeds: Tensors; outputs: readonly Value[] } {
  const g = builder(one.opset ?? 18);
  const tensors = one.inputs.map((input, i) => ("data" in input ? input : filled(input, `${one.name}${i}`)));
  const values = tensors.map((input, i) => g.input(`x${i}`, input.dtype, input.dims));
  const outputs = [one.build(g, ...values)].flat() as Value[];
  return {
    graph: g.finish(outputs),
    feeds: Object.fromEntries(tensors.map((input, i) => [`x${i}`, input])),
    outputs,
  };
}

/** Numbers in [-1, 1), of integers over their whole range or ±100. */
export function filled({ dtype, dims }: { dtype: DType; dims: readonly number[] }, seed: string): Tensor {
  const random = seededRandom(seed);
  const numbers = Array.from({ length: sizeOf(dims) }, () => random.uniform() * 2 - 1);
  switch (dtype) {
    case "uint8":
      return tensor(
        "uint8",
        dims,
        Uint8Array.from(numbers, (n) => Math.floor((n + 1) * 128)),
      );
    case "int8":
      return tensor(
        "int8",
        dims,
        Int8Array.from(numbers, (n) => Math.floor(n * 128)),
      );
    case "bool":
      return tensor(
        "bool",
        dims,
        Uint8Array.from(numbers, (n) => Number(n > 0)),
      );
    case "int32":
      return tensor(
        "int32",
        dims,
        Int32Array.from(numbers, (n) => Math.round(n * 100)),
      );
    case "int64":
      return int64(
        dims,
        numbers.map((n) => Math.round(n * 100)),
      );
    default:
      return float32(dims, numbers);
  }
}

/** Runs a graph as it is in ONNX Runtime, the judge. */
export async function judged(graph: Graph, inputs: Tensors): Promise<Tensors> {
  const session = await InferenceSession.create(writeModel(graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const feeds = Object.entries(inputs).map(([name, { dtype, dims, data }]) => [
      name,
      new OrtTensor(dtype as "float32", data as Float32Array, dims),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, t]) => [name, tensor(t.type as "float32", t.dims, t.data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}

/** Largest difference relative to the largest expected value. */
export function difference(actual: Tensor, expected: Tensor): number {
  const [mine, theirs] = [toNumbers(actual), toNumbers(expected)];
  if (mine.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let [most, scale] = [0, 1e-30];
  for (let i = 0; i < mine.length; i++) {
    const delta = Math.abs(mine[i]! - theirs[i]!);
    most = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(most, delta);
    scale = Math.max(scale, Math.abs(theirs[i]!));
  }
  return most / scale;
}
