import { fail, type Graph } from "@graft-ml/core";
import { findOperator } from "../operators/index.ts";
import { checkForm } from "./schema.ts";

const WHERE = "graph/validate";

/** Checks that every value is made once, before it is read, by an operator that Graft knows. */
export function validate(graph: Graph): void {
  const made = new Set<string>(graph.initializers.keys());
  if (made.has("") || graph.inputs.some((input) => input.name === "")) {
    throw fail(WHERE, "an input or initializer has no name");
  }
  for (const input of graph.inputs) {
    if (made.has(input.name)) throw fail(WHERE, `the value "${input.name}" is made twice`);
    made.add(input.name);
  }
  for (const node of graph.nodes) {
    findOperator(node, graph.opsets);
    checkForm(node, graph.opsets[node.domain]!);
    for (const name of node.inputs) {
      if (name !== "" && !made.has(name)) {
        throw fail(
          WHERE,
          `node "${node.name}" (${node.op}) reads "${name}", which nothing before it makes: a missing value, a cycle, or nodes out of order`,
        );
      }
    }
    for (const name of node.outputs) {
      if (name === "") continue;
      if (made.has(name))
        throw fail(WHERE, `the value "${name}" is made twice, the second time by node "${node.name}"`);
      made.add(name);
    }
  }
  if (graph.outputs.length === 0) throw fail(WHERE, "the graph has no output");
  const listed = new Set<string>();
  for (const output of graph.outputs) {
    if (listed.has(output.name)) throw fail(WHERE, `the graph has its output "${output.name}" twice`);
    listed.add(output.name);
    if (!made.has(output.name)) throw fail(WHERE, `nothing makes the graph's output "${output.name}"`);
  }
}
