import { fail, type Graph, type GraphNode, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph } from "./builder.ts";
import { attributesOf } from "./operator.ts";
import { findOperator } from "./operators/index.ts";

/** A graph with its backward pass, and where each gradient is found. */
export interface Differentiated {
  readonly graph: Graph;
  /** Variable → value that holds the loss's gradient by it. */
  readonly gradients: Readonly<Record<string, string>>;
}

/**
 * Appends the backward pass: reverse-mode differentiation of the scalar `loss` by `variables` (initializers or inputs).
 * Named dimensions must have numbers, given in `bindings`. A variable that the loss does not depend on is an error.
 */
export function differentiate(
  graph: Graph,
  loss: string,
  variables: readonly string[],
  bindings: Readonly<Record<string, number>> = {},
): Differentiated {
  const g = graphBuilder(graph, bindings);
  const gradients = backward(g, graph.nodes, graph.opsets, g.value(loss), variables);
  const outputs = [...graph.outputs.map((output) => g.value(output.name)), ...Object.values(gradients)];
  return {
    graph: g.finish(outputs),
    gradients: Object.fromEntries(Object.entries(gradients).map(([variable, value]) => [variable, value.name])),
  };
}

/** Adds the gradient of `loss` by each variable to a graph under construction. */
export function backward(
  g: OpenGraph,
  nodes: readonly GraphNode[],
  opsets: Readonly<Record<string, number>>,
  loss: Value,
  variables: readonly string[],
): Record<string, Value> {
  if (loss.dims.length > 0) {
    throw fail("graph/differentiate", `expected a scalar loss; "${loss.name}" has shape [${loss.dims.join(", ")}]`);
  }
  const active = reachable(nodes, opsets, variables);
  const gradients = new Map<string, Value>();
  if (active.has(loss.name)) gradients.set(loss.name, g.scalar(1));
  for (const node of [...nodes].reverse()) propagate(g, node, opsets, active, gradients);
  return Object.fromEntries(
    variables.map((variable) => {
      const gradient = gradients.get(variable);
      if (gradient === undefined) {
        throw fail("graph/differentiate", `the loss "${loss.name}" does not depend on "${variable}"`);
      }
      return [variable, gradient];
    }),
  );
}

/** Values that change when a variable changes: only these need gradients. */
function reachable(
  nodes: readonly GraphNode[],
  opsets: Readonly<Record<string, number>>,
  variables: readonly string[],
): Set<string> {
  const active = new Set(variables);
  for (const node of nodes) {
    if (findOperator(node, opsets).stopsGradient) continue;
    if (node.inputs.some((name) => active.has(name))) for (const name of node.outputs) active.add(name);
  }
  return active;
}

function propagate(
  g: OpenGraph,
  node: GraphNode,
  opsets: Readonly<Record<string, number>>,
  active: ReadonlySet<string>,
  gradients: Map<string, Value>,
): void {
  const operator = findOperator(node, opsets);
  const dys = node.outputs.map((name) => gradients.get(name));
  const dy = dys.find((gradient) => gradient !== undefined);
  const stray = node.outputs.slice(1).find((name) => gradients.has(name));
  if (stray !== undefined && !operator.severalOutputs) {
    throw fail("graph/differentiate", `node "${node.name}" (${node.op}) has no gradient through its output "${stray}"`);
  }
  if (dy === undefined || operator.stopsGradient || !node.inputs.some((name) => active.has(name))) return;
  if (operator.gradient === undefined) {
    throw fail("graph/differentiate", `node "${node.name}" uses operator ${node.op}, which has no gradient rule`);
  }
  const results = operator.gradient({
    node,
    attributes: attributesOf(node),
    inputs: node.inputs.map((name) => (name === "" ? undefined : g.value(name))),
    outputs: node.outputs.filter((name) => name !== "").map((name) => g.value(name)),
    dy,
    dys,
    needs: (index) => active.has(node.inputs[index] ?? ""),
    constant: (index) => g.constantOf(node.inputs[index] ?? ""),
    g,
  });
  node.inputs.forEach((name, i) => {
    const part = results[i];
    if (part === undefined || !active.has(name)) return;
    const before = gradients.get(name);
    gradients.set(name, before === undefined ? part : g.op("Add", [before, part]));
  });
}
