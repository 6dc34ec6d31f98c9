import { fail, type Graph } from "@graft-ml/core";

/** Turns initializers into inputs of the same name and shape, so that their values can change from run to run. */
export function asInputs(graph: Graph, names: readonly string[]): Graph {
  const initializers = new Map(graph.initializers);
  const inputs = names.map((name) => {
    const tensor = initializers.get(name);
    if (tensor === undefined) throw fail("graph/as-inputs", `the graph has no initializer "${name}"`);
    initializers.delete(name);
    return { name, dtype: tensor.dtype, dims: tensor.dims };
  });
  return { ...graph, inputs: [...graph.inputs, ...inputs], initializers };
}
