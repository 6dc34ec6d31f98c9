import { fail, type Graph, type ValueInfo } from "@graft-ml/core";
import { inferShapes } from "./inference.ts";
import { dropDead } from "./passes/dead-nodes.ts";

/** The two halves of a cut graph. */
export interface Halves {
  /** From the inputs to the boundary. */
  readonly prefix: Graph;
  /** From the boundary to the outputs. */
  readonly suffix: Graph;
}

/**
 * Cuts a graph at a set of values into two valid graphs: the prefix's outputs and the suffix's inputs are the boundary.
 * The suffix may still read the graph's own inputs where the boundary does not separate them.
 */
export function cut(graph: Graph, boundary: readonly string[]): Halves {
  const { values } = inferShapes(graph);
  const infos = boundary.map((name): ValueInfo => {
    const value = values.get(name);
    if (value === undefined || graph.initializers.has(name))
      throw fail("graph/cut", `the graph has no value "${name}" to cut at`);
    return { name, dtype: value.dtype, dims: value.dims };
  });
  const fed = new Set(boundary);
  return {
    prefix: dropDead({ ...graph, outputs: infos }),
    suffix: dropDead({
      ...graph,
      inputs: [...infos, ...graph.inputs.filter((input) => !fed.has(input.name))],
      // A node behind the boundary is dead once its value is fed; one that makes a fed value must go even if it is alive otherwise.
      nodes: graph.nodes.filter((node) => !node.outputs.some((name) => fed.has(name))),
    }),
  };
}

/** The graph up to the given values, which become its outputs. */
export function upTo(graph: Graph, outputs: readonly string[]): Graph {
  return cut(graph, outputs).prefix;
}
