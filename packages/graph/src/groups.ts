import { fail, type Graph, type LayerGroup } from "@graft-ml/core";
import { inferShapes } from "./inference.ts";

/**
 * Values through which everything from `input` to the first output passes, in order: the graph can be cut at each of them alone.
 * Initializers and what is computed from them only do not count as paths.
 */
export function cutPoints(graph: Graph, input: string): string[] {
  const output = graph.outputs[0]?.name;
  const depends = new Set([input]);
  for (const node of graph.nodes)
    if (node.inputs.some((name) => depends.has(name))) for (const name of node.outputs) depends.add(name);
  const lastReader = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    for (const name of node.inputs) if (depends.has(name)) lastReader.set(name, i);
  });
  if (output !== undefined) lastReader.set(output, graph.nodes.length);
  const alive = new Set([input]);
  const points: string[] = [];
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) if (depends.has(name) && lastReader.has(name)) alive.add(name);
    for (const name of alive) if (lastReader.get(name)! <= i && name !== output) alive.delete(name);
    const [only] = alive;
    if (alive.size === 1 && only !== undefined && points.at(-1) !== only) points.push(only);
  });
  return points;
}

/**
 * Ordered layer groups of a graph: stretches between single-value cut points, joined while their initializers share a scope
 * (`blocks.3`, `layer1.0`, `encoder.layer.5`). Activations after a group's last weight belong to it.
 */
export function layerGroups(graph: Graph, input: string): LayerGroup[] {
  const { values } = inferShapes(graph);
  const points = new Set(cutPoints(graph, input));
  const groups: { scope: string; initializers: string[]; boundary: string }[] = [];
  let pending: string[] = [];
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      if (graph.initializers.has(name) && isWeight(graph, name) && !pending.includes(name)) pending.push(name);
    }
    const boundary = node.outputs.find((name) => points.has(name));
    if (boundary === undefined) continue;
    const last = groups.at(-1);
    const scopes = [...new Set(pending.map(scopeOf))];
    const scope = scopes.join("+");
    if (last !== undefined && (pending.length === 0 || scope === last.scope)) {
      last.initializers.push(...pending);
      last.boundary = boundary;
    } else if (pending.length > 0) {
      groups.push({ scope, initializers: pending, boundary });
    }
    pending = [];
  }
  if (groups.length === 0) throw fail("graph/groups", `no layer of the graph lies between "${input}" and its output`);
  const names = new Map<string, number>();
  return groups.map(({ scope, initializers, boundary }) => {
    if (!values.has(boundary)) throw fail("graph/groups", `the boundary "${boundary}" has no shape`);
    const count = names.get(scope) ?? 0;
    names.set(scope, count + 1);
    return { name: count === 0 ? scope : `${scope}#${count}`, initializers, boundary };
  });
}

/** Float tensors with at least one dimension; scalars such as clipping bounds are settings, not weights. */
function isWeight(graph: Graph, name: string): boolean {
  const tensor = graph.initializers.get(name)!;
  return tensor.dims.length > 0 && (tensor.dtype === "float32" || tensor.dtype === "float16");
}

/** The module path up to its last number, or without the last two parts: `blocks.3.expand.weight` → `blocks.3`. */
function scopeOf(name: string): string {
  const parts = name.split(/[./]/);
  const numbered = parts.findLastIndex((part, i) => i < parts.length - 1 && /^\d+$/.test(part));
  if (numbered >= 0) return parts.slice(0, numbered + 1).join(".");
  return parts.length > 1 ? parts[0]! : name;
}
