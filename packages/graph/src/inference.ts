import {
  type Dim,
  fail,
  GraftError,
  type Graph,
  type GraphNode,
  sizeOf,
  type Tensor,
  type Value,
  type ValueInfo,
} from "@graft-ml/core";
import { MOST_DIMENSIONS } from "./model/limits.ts";
import { checkElementTypes } from "./model/schema.ts";
import { attributesOf, type InferContext, type Operator, type Shape } from "./operator.ts";
import { findOperator } from "./operators/index.ts";

/** Finds what is known of a node's operator, or refuses the node. */
export type FindOperator = (node: GraphNode, opsets: Readonly<Record<string, number>>) => Operator;

/** Shapes of all values of a graph, and the values that are known before running. */
export interface Shapes {
  readonly values: Map<string, Value>;
  readonly constants: Map<string, Tensor>;
  readonly find: FindOperator;
}

/** Largest number of elements that is evaluated ahead of time: shape arithmetic is small, weights are not. */
const FOLDABLE = 4096;
/** Largest result of that: a few bytes of a file must not ask for gigabytes. */
const RESULT = 65536;
/** Most elements that one graph may have evaluated; beyond it nothing more is, and the engine does what is left. */
const EVALUATED = 2 ** 24;
const spent = new WeakMap<Shapes, number>();

/** Bytes of the widest element. */
const WIDEST = 8;

/** Operators whose result depends on the shape of their input alone. */
const OF_SHAPES: ReadonlySet<string> = new Set(["Shape", "Size"]);

/**
 * Infers every shape of a graph; `bindings` gives numbers to named dimensions (`{ batch: 16 }`). An engine that has operators
 * of its own passes `find`.
 */
export function inferShapes(
  graph: Graph,
  bindings: Readonly<Record<string, number>> = {},
  find: FindOperator = findOperator,
): Shapes {
  const shapes: Shapes = { values: new Map(), constants: new Map(), find };
  for (const input of graph.inputs) {
    if (graph.initializers.has(input.name)) continue;
    shapes.values.set(input.name, { ...input, dims: input.dims.map((dim) => bind(dim, bindings)) });
  }
  for (const [name, tensor] of graph.initializers) declareConstant(shapes, name, tensor);
  for (const node of graph.nodes) inferNode(shapes, node, graph.opsets);
  for (const output of graph.outputs) checkOutput(output, shapes.values.get(output.name));
  return shapes;
}

/** Refuses a graph that says of its output what does not follow from its nodes. */
function checkOutput(said: ValueInfo, found: Value | undefined): void {
  const same =
    found !== undefined &&
    said.dtype === found.dtype &&
    said.dims.length === found.dims.length &&
    said.dims.every((dim, i) => typeof dim === "string" || typeof found.dims[i] === "string" || dim === found.dims[i]);
  if (same) return;
  const text = (value: ValueInfo): string => `${value.dtype} [${value.dims.join(", ")}]`;
  throw fail(
    "graph",
    `the output "${said.name}" is said to be ${text(said)}; ${found === undefined ? "nothing makes it" : `it is ${text(found)}`}`,
  );
}

/** Records an initializer's shape and value. */
export function declareConstant(shapes: Shapes, name: string, tensor: Tensor): void {
  shapes.values.set(name, { name, dtype: tensor.dtype, dims: tensor.dims });
  shapes.constants.set(name, tensor);
}

/** Infers the outputs of one node whose inputs are known. */
export function inferNode(shapes: Shapes, node: GraphNode, opsets: Readonly<Record<string, number>>): void {
  const operator = shapes.find(node, opsets);
  const optional = (index: number): Value | undefined => {
    const name = node.inputs[index];
    if (name === undefined || name === "") return undefined;
    const value = shapes.values.get(name);
    if (value === undefined)
      throw fail("graph", `node "${node.name}" (${node.op}) reads "${name}", which nothing before it makes`);
    return value;
  };
  let unknowns = 0;
  const context: InferContext = {
    node,
    opset: opsets[""] ?? 17,
    attributes: attributesOf(node),
    optional,
    input(index) {
      const value = optional(index);
      if (value === undefined) throw fail("graph", `node "${node.name}" (${node.op}) lacks its input ${index}`);
      return value;
    },
    constant: (index) => shapes.constants.get(node.inputs[index] ?? ""),
    unknown: () => `${node.outputs[0]}?${unknowns++}`,
  };
  const outputs = checked(node, () => operator.infer(context));
  checkShapes(node, outputs);
  checkElementTypes(
    node,
    context.opset,
    node.inputs.map((_, i) => optional(i)?.dtype),
    node.outputs.map((name, i) => (name === "" ? undefined : outputs[i]?.dtype)),
  );
  outputs.forEach((shape, i) => {
    const name = node.outputs[i];
    if (name) shapes.values.set(name, { name, dtype: shape.dtype, dims: shape.dims });
  });
  foldNode(shapes, node, context, operator.evaluate);
}

/** Runs a rule; what it throws by accident, which only a damaged graph can make it do, names the node all the same. */
function checked<T>(node: GraphNode, rule: () => T): T {
  try {
    return rule();
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    throw fail("graph", `node "${node.name}" (${node.op}) is malformed: ${(cause as Error).message}`, { cause });
  }
}

function checkShapes(node: GraphNode, outputs: readonly Shape[]): void {
  const what = `node "${node.name}" (${node.op})`;
  if (node.outputs.length > outputs.length && node.outputs.slice(outputs.length).some((name) => name !== "")) {
    throw fail("graph", `${what} has ${node.outputs.length} outputs; ${outputs.length} are supported`);
  }
  for (const { dtype, dims } of outputs) {
    if (dtype === undefined) throw fail("graph", `${what} makes a value without an element type`);
    if (dims.length > MOST_DIMENSIONS)
      throw fail("graph", `${what} makes ${dims.length} dimensions; at most ${MOST_DIMENSIONS} are supported`);
    if (dims.some((dim) => typeof dim === "number" && dim < 0))
      throw fail("graph", `${what} makes the shape [${dims.join(", ")}], which is negative`);
    const known = dims.filter((dim) => typeof dim !== "string");
    if (known.some((dim) => !Number.isSafeInteger(dim)) || !Number.isSafeInteger(sizeOf(known) * WIDEST))
      throw fail("graph", `${what} makes the shape [${dims.join(", ")}], which no value can have`);
  }
}

function foldNode(shapes: Shapes, node: GraphNode, context: InferContext, evaluate: Operator["evaluate"]): void {
  const used = spent.get(shapes) ?? 0;
  if (evaluate === undefined || used > EVALUATED) return;
  const large = node.outputs.some((name) => {
    const dims = shapes.values.get(name)?.dims ?? [];
    return dims.every((dim) => typeof dim === "number") && sizeOf(dims as number[]) > RESULT;
  });
  if (large) return;
  const inputs: Tensor[] = [];
  for (const [i, name] of node.inputs.entries()) {
    if (name === "") continue;
    const constant = context.constant(i);
    // Some need no value, only a static shape.
    if (OF_SHAPES.has(node.op)) continue;
    if (constant === undefined || sizeOf(constant.dims) > FOLDABLE) return;
    inputs.push(constant);
  }
  const results = checked(node, () => evaluate(context, inputs));
  if (results === undefined) return;
  checkShapes(node, results);
  results.forEach((tensor, i) => {
    const name = node.outputs[i];
    if (name) declareConstant(shapes, name, tensor);
  });
  const work = [...inputs, ...results].reduce((sum, tensor) => sum + tensor.data.length, 0);
  spent.set(shapes, used + work);
}

function bind(dim: Dim, bindings: Readonly<Record<string, number>>): Dim {
  return typeof dim === "string" ? (Object.hasOwn(bindings, dim) ? bindings[dim]! : dim) : dim;
}
