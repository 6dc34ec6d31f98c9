import { fail, type Graph, type GraphNode } from "@graft-ml/core";
import { inferNode, inferShapes } from "../inference.ts";
import { DTYPE_OF } from "../model/elements.ts";
import { checkForm } from "../model/schema.ts";

const SINCE = 15;

/** Writes every `CastLike` as the `Cast` that it comes to, now that the element types are known. */
export function plainCasts(graph: Graph): Graph {
  if (!graph.nodes.some(isCastLike)) return graph;
  const shapes = inferShapes({ ...graph, nodes: [], outputs: [] });
  const needed = aboveTypes(graph.nodes);
  const nodes = graph.nodes.map((node) => {
    const plain = isCastLike(node) ? castOf(node, shapes.values.get(node.inputs[1] ?? "")?.dtype, graph) : node;
    if (needed.has(node)) inferNode(shapes, plain, graph.opsets);
    return plain;
  });
  return { ...graph, nodes };
}

/** The nodes from which the type of some cast follows; of others nothing has to be known yet. */
function aboveTypes(nodes: readonly GraphNode[]): ReadonlySet<GraphNode> {
  const names = new Set<string>();
  const needed = new Set<GraphNode>();
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((name) => names.has(name))) {
      needed.add(node);
      for (const name of node.inputs) names.add(name);
    }
    if (isCastLike(node)) names.add(node.inputs[1] ?? "");
  }
  return needed;
}

function isCastLike({ op, domain }: GraphNode): boolean {
  return op === "CastLike" && domain === "";
}

function castOf(node: GraphNode, dtype: (typeof DTYPE_OF)[number], { opsets }: Graph): GraphNode {
  const opset = opsets[""] ?? 0;
  if (opset < SINCE)
    throw fail("graph", `node "${node.name}" uses operator CastLike of opset ${opset}; supported from ${SINCE} on`);
  checkForm(node, opset);
  if (dtype === undefined)
    throw fail("graph", `node "${node.name}" (CastLike) reads "${node.inputs[1]}", which nothing before it makes`);
  const to = { type: "int", value: DTYPE_OF.indexOf(dtype) } as const;
  return { ...node, op: "Cast", inputs: [node.inputs[0]!], attributes: { to } };
}
