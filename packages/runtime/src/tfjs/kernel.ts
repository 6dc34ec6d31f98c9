import { type Attribute, type DType, fail, type GraftError, type GraphNode, type Tensor } from "@graft-ml/core";
import type { Device } from "./device.ts";
import type { Value } from "./value.ts";

/** Runs one node; an input left out is undefined. Never returns a tensor that belongs to an input. */
export type Run = (inputs: readonly (Value | undefined)[]) => Value | readonly Value[];

/** Reads a node's attributes once and returns what runs it. */
export type Kernel = (node: NodeReader, device: Device) => Run;

/** A node's attributes with their defaults, and errors that name the node. */
export interface NodeReader {
  readonly node: GraphNode;
  readonly opset: number;
  int(name: string, fallback: number): number;
  float(name: string, fallback: number): number;
  text(name: string, fallback: string): string;
  ints(name: string): readonly number[] | undefined;
  floats(name: string): readonly number[] | undefined;
  tensor(name: string): Tensor | undefined;
  fail(message: string): GraftError;
}

/** Wraps a node for its kernel. */
export function nodeReader(node: GraphNode, opset: number): NodeReader {
  const get = (name: string, type: Attribute["type"]): Attribute["value"] | undefined => {
    const attribute = node.attributes[name];
    if (attribute !== undefined && attribute.type !== type) {
      throw reader.fail(`expected attribute ${name} of type ${type}; received ${attribute.type}`);
    }
    return attribute?.value;
  };
  const reader: NodeReader = {
    node,
    opset,
    int: (name, fallback) => (get(name, "int") as number | undefined) ?? fallback,
    float: (name, fallback) => (get(name, "float") as number | undefined) ?? fallback,
    text: (name, fallback) => (get(name, "string") as string | undefined) ?? fallback,
    ints: (name) => get(name, "ints") as readonly number[] | undefined,
    floats: (name) => get(name, "floats") as readonly number[] | undefined,
    tensor: (name) => get(name, "tensor") as Tensor | undefined,
    fail: (message) => fail("runtime/tfjs", `node "${node.name}" (${node.op}): ${message}`),
  };
  return reader;
}

const CODES: Readonly<Record<number, DType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
};

/** The element type behind a number of ONNX's `TensorProto.DataType`. */
export function dtypeOfCode(code: number): DType | undefined {
  return CODES[code];
}

/** The element types that the kernels compute in; others may only be cast to these. */
export const COMPUTED: ReadonlySet<DType> = new Set<DType>(["float32", "int32", "int64", "bool"]);
