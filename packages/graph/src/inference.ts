import { type Dim, fail, type Graph, type GraphNode, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import { attributesOf, type InferContext } from "./operator.ts";
import { findOperator } from "./operators/index.ts";

/** Shapes of all values of a graph, and the values that are known before running. */
export interface Shapes {
  readonly values: Map<string, Value>;
  readonly constants: Map<string, Tensor>;
}

/** Largest number of elements that is evaluated ahead of time: shape arithmetic is small, weights are not. */
const FOLDABLE = 4096;
/** Largest result of that: a few bytes of a file must not ask for gigabytes. */
const RESULT = 65536;

/** Operators whose result depends on the shape of their input alone. */
const OF_SHAPES: ReadonlySet<string> = new Set(["Shape", "Size"]);

/** Infers every shape of a graph; `bindings` gives numbers to named dimensions (`{ batch: 16 }`). */
export function inferShapes(graph: Graph, bindings: Readonly<Record<string, number>> = {}): Shapes {
  const shapes: Shapes = { values: new Map(), constants: new Map() };
  for (const input of graph.inputs) {
    if (graph.initializers.has(input.name)) continue;
    shapes.values.set(input.name, { ...input, dims: input.dims.map((dim) => bind(dim, bindings)) });
  }
  for (const [name, tensor] of graph.initializers) declareConstant(shapes, name, tensor);
  for (const node of graph.nodes) inferNode(shapes, node, graph.opsets);
  return shapes;
}

/** Records an initializer's shape and value. */
export function declareConstant(shapes: Shapes, name: string, tensor: Tensor): void {
  shapes.values.set(name, { name, dtype: tensor.dtype, dims: tensor.dims });
  shapes.constants.set(name, tensor);
}

/** Infers the outputs of one node whose inputs are known. */
export function inferNode(shapes: Shapes, node: GraphNode, opsets: Readonly<Record<string, number>>): void {
  const operator = findOperator(node, opsets);
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
  const outputs = operator.infer(context);
  const negative = outputs.find(({ dims }) => dims.some((dim) => typeof dim === "number" && dim < 0));
  if (negative !== undefined) {
    throw fail(
      "graph",
      `node "${node.name}" (${node.op}) makes the shape [${negative.dims.join(", ")}], which is negative`,
    );
  }
  outputs.forEach((shape, i) => {
    const name = node.outputs[i];
    if (name) shapes.values.set(name, { name, dtype: shape.dtype, dims: shape.dims });
  });
  foldNode(shapes, node, context, operator.evaluate);
}

function foldNode(
  shapes: Shapes,
  node: GraphNode,
  context: InferContext,
  evaluate: ((context: InferContext, inputs: readonly Tensor[]) => readonly Tensor[] | undefined) | undefined,
): void {
  if (evaluate === undefined) return;
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
  const results = evaluate(context, inputs);
  results?.forEach((tensor, i) => {
    const name = node.outputs[i];
    if (name) declareConstant(shapes, name, tensor);
  });
}

function bind(dim: Dim, bindings: Readonly<Record<string, number>>): Dim {
  return typeof dim === "string" ? (Object.hasOwn(bindings, dim) ? bindings[dim]! : dim) : dim;
}
