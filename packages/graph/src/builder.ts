import {
  type Attribute,
  type AttributeLiteral,
  fail,
  float32,
  type Graph,
  type GraphBuilder,
  type GraphNode,
  int64,
  type Tensor,
  type Value,
  type ValueInfo,
} from "@graft-ml/core";
import { declareConstant, type FindOperator, inferNode, inferShapes } from "./inference.ts";
import { findOperator } from "./operators/index.ts";

/** A builder that can hand out its graph. */
export interface OpenGraph extends GraphBuilder {
  /** The value of a name that the graph already has. */
  value(name: string): Value;
  /** The value of a name where it is known before running. */
  constantOf(name: string): Tensor | undefined;
  /** A constant that is made once for all that ask by the same key. */
  shared(key: string, make: () => Tensor): Value;
  /** Adds a node as it is. */
  append(node: GraphNode): void;
  /** The finished graph; outputs keep their order. */
  finish(outputs: readonly Value[]): Graph;
}

/** Operator set of graphs that start empty. */
const DEFAULT_OPSET = 17;

/** A graph of nothing, written for a version of the standard operator set. Default: 17. */
export function emptyGraph(opset: number = DEFAULT_OPSET): Graph {
  return {
    name: "graph",
    irVersion: 8,
    opsets: { "": opset },
    inputs: [],
    outputs: [],
    initializers: new Map(),
    nodes: [],
    metadata: {},
  };
}

/**
 * Starts a graph, or goes on with one whose named dimensions get numbers from `bindings`. Fresh names keep clear of
 * `reserved`, names that are to be appended later; an engine that has operators of its own passes `find`.
 */
export function graphBuilder(
  start: Graph = emptyGraph(),
  bindings: Readonly<Record<string, number>> = {},
  reserved: ReadonlySet<string> = new Set(),
  find: FindOperator = findOperator,
): OpenGraph {
  const opsets: Record<string, number> = { "": DEFAULT_OPSET, ...start.opsets };
  const shapes = inferShapes(start, bindings, find);
  const inputs: ValueInfo[] = start.inputs.map((input) => shapes.values.get(input.name) ?? input);
  const initializers = new Map(start.initializers);
  const nodes: GraphNode[] = [...start.nodes];
  // Node names are kept apart, too: a pass may leave a node with the name of a value that is gone.
  const taken = new Set<string>([...shapes.values.keys(), ...nodes.map((node) => node.name)]);
  const literals = new Map<string, Value>();
  const counters = new Map<string, number>();

  const claim = (name: string): string => {
    if (taken.has(name)) throw fail("graph", `the name "${name}" is taken in graph "${start.name}"`);
    taken.add(name);
    return name;
  };
  const value = (name: string): Value => {
    const found = shapes.values.get(name);
    if (found === undefined) throw fail("graph", `the graph has no value "${name}"`);
    return found;
  };
  const fresh = (hint: string): string => {
    let count = counters.get(hint) ?? 0;
    let name = count === 0 ? hint : `${hint}.${count}`;
    while (taken.has(name) || reserved.has(name)) name = `${hint}.${++count}`;
    counters.set(hint, count + 1);
    return name;
  };
  const addInitializer = (name: string, tensor: Tensor): Value => {
    initializers.set(claim(name), tensor);
    declareConstant(shapes, name, tensor);
    return value(name);
  };
  // Scalars and axes recur by the hundred in a backward graph: one initializer each.
  const literal = (key: string, make: () => Tensor): Value => {
    const known = literals.get(key);
    if (known !== undefined) return known;
    const made = addInitializer(fresh(key), make());
    literals.set(key, made);
    return made;
  };

  return {
    opset: opsets[""] ?? DEFAULT_OPSET,
    input(name, dtype, dims) {
      const info: ValueInfo = { name: claim(name), dtype, dims };
      inputs.push(info);
      shapes.values.set(name, info);
      return info;
    },
    parameter: addInitializer,
    shared: literal,
    constant: (tensor) => addInitializer(fresh("constant"), tensor),
    scalar: (number) => literal(`scalar ${number}`, () => float32([], [number])),
    ints: (values) => literal(`ints ${values.join(",")}`, () => int64([values.length], values)),
    op(op, operands, attributes = {}, domain = "") {
      const output = claim(fresh(op));
      const node: GraphNode = {
        name: output,
        op,
        domain,
        inputs: trimmed(operands.map((operand) => operand?.name ?? "")),
        outputs: [output],
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, literal]) => [key, attribute(literal)])),
      };
      if (domain !== "") opsets[domain] ??= 1;
      inferNode(shapes, node, opsets);
      nodes.push(node);
      return value(output);
    },
    name(target, name) {
      const node: GraphNode = {
        name: claim(name),
        op: "Identity",
        domain: "",
        inputs: [target.name],
        outputs: [name],
        attributes: {},
      };
      inferNode(shapes, node, opsets);
      nodes.push(node);
      return value(name);
    },
    append(node) {
      for (const output of node.outputs) if (output !== "") claim(output);
      taken.add(node.name);
      inferNode(shapes, node, opsets);
      nodes.push(node);
    },
    fresh,
    value,
    constantOf: (name) => shapes.constants.get(name),
    finish: (outputs) => ({
      name: start.name,
      irVersion: start.irVersion,
      opsets: { ...opsets },
      inputs: [...inputs],
      outputs: outputs.map((output) => value(output.name)),
      initializers,
      nodes,
      metadata: start.metadata,
    }),
  };
}

/** A literal as a typed attribute; a list of whole numbers is `ints`, `{ float }` says that a whole number is a float. */
function attribute(literal: AttributeLiteral): Attribute {
  if (typeof literal === "number") return { type: "int", value: literal };
  if (typeof literal === "string") return { type: "string", value: literal };
  if (isList(literal)) {
    return literal.length > 0 && typeof literal[0] === "string"
      ? { type: "strings", value: literal as readonly string[] }
      : { type: "ints", value: literal as readonly number[] };
  }
  if ("float" in literal) return { type: "float", value: literal.float };
  return { type: "tensor", value: literal };
}

function isList(literal: AttributeLiteral): literal is readonly number[] | readonly string[] {
  return Array.isArray(literal);
}

function trimmed(names: string[]): string[] {
  while (names.at(-1) === "") names.pop();
  return names;
}
