import { type Dim, type DType, fail, type GraphBuilder, type GraphNode, type Tensor, type Value } from "@graft-ml/core";

/** The domain of gradient primitives, which engines lower their own way. */
export const GRAFT_DOMAIN: string = "ai.graft";

/** Element type and shape of one output. */
export interface Shape {
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** Typed access to a node's attributes, with ONNX's defaults given by the caller. */
export interface Attributes {
  int(name: string, fallback?: number): number;
  float(name: string, fallback?: number): number;
  string(name: string, fallback?: string): string;
  ints(name: string, fallback?: readonly number[]): readonly number[];
  tensor(name: string): Tensor | undefined;
  has(name: string): boolean;
}

/** What a shape rule sees of a node. */
export interface InferContext {
  readonly node: GraphNode;
  readonly opset: number;
  readonly attributes: Attributes;
  /** The input, or an error naming the node where it is missing. */
  input(index: number): Value;
  /** The input, or `undefined` where it is left out. */
  optional(index: number): Value | undefined;
  /** The input's value where it is known before running. */
  constant(index: number): Tensor | undefined;
  /** A dimension that nobody knows yet. */
  unknown(): string;
}

/** What a gradient rule sees of a node. */
export interface GradientContext {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** Gradient of the loss by the first output; of operators with `severalOutputs`, by the first that has one. */
  readonly dy: Value;
  /** Gradients by all outputs of the node, `undefined` where the loss does not see one or it is left out. */
  readonly dys: readonly (Value | undefined)[];
  /** Whether the gradient by this input is asked for; rules skip work that nobody needs. */
  needs(index: number): boolean;
  /** The input's value where it is known before running. */
  constant(index: number): Tensor | undefined;
  readonly g: GraphBuilder;
}

/** All that Graft knows of one ONNX operator. */
export interface Operator {
  readonly op: string;
  /** `""` for standard ONNX. */
  readonly domain?: string;
  /** First operator-set version whose meaning is implemented. */
  readonly since: number;
  /** Shape rule: one entry an output. */
  infer(context: InferContext): readonly Shape[];
  /** Exact value of outputs from constant inputs; only operators of shape arithmetic and casts have one. */
  evaluate?(context: InferContext, inputs: readonly Tensor[]): readonly Tensor[] | undefined;
  /** Gradient rule: one entry an input, `undefined` where there is none. */
  gradient?(context: GradientContext): readonly (Value | undefined)[];
  /** Set where the gradient rule reads `dys`; other rules refuse a loss that sees more than their first output. */
  readonly severalOutputs?: boolean;
  /** Set where no gradient can flow by nature (comparisons, shapes), so that none is asked for. */
  readonly stopsGradient?: boolean;
}

/** Reads a node's attributes with their types checked. */
export function attributesOf(node: GraphNode): Attributes {
  const read = <T>(name: string, type: string, fallback: T | undefined): T => {
    const attribute = node.attributes[name];
    if (attribute === undefined) {
      if (fallback !== undefined) return fallback;
      throw fail("graph", `node "${node.name}" (${node.op}) lacks its attribute ${name}`);
    }
    if (attribute.type !== type) {
      throw fail(
        "graph",
        `node "${node.name}" (${node.op}): expected attribute ${name} of type ${type}; received ${attribute.type}`,
      );
    }
    return attribute.value as T;
  };
  return {
    int: (name, fallback) => read(name, "int", fallback),
    float: (name, fallback) => read(name, "float", fallback),
    string: (name, fallback) => read(name, "string", fallback),
    ints: (name, fallback) => read(name, "ints", fallback),
    tensor: (name) => (node.attributes[name] === undefined ? undefined : read<Tensor>(name, "tensor", undefined)),
    has: (name) => node.attributes[name] !== undefined,
  };
}

/** Turns a possibly negative axis into its place in `rank` dimensions. */
export function normalizeAxis(node: GraphNode, axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) {
    throw fail("graph", `node "${node.name}" (${node.op}): axis ${axis} is outside a value of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Dimensions as numbers, or an error that says which value is not static. */
export function staticDims(value: Value): readonly number[] {
  for (const dim of value.dims) {
    if (typeof dim !== "number") {
      throw fail(
        "graph",
        `the shape [${value.dims.join(", ")}] of "${value.name}" is not static; bind its dimensions first`,
      );
    }
  }
  return value.dims as readonly number[];
}
