import { type Dim, fail, type GraphBuilder, type GraphNode, type Value } from "@graft-ml/core";
import { reduceSum } from "./emit.ts";
import { staticDims } from "./operator.ts";

/** Shape of two values combined by ONNX's multidirectional broadcasting. */
export function broadcastDims(node: GraphNode, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    // Of two names the one that somebody gave: the other stands for a size that nothing says.
    if (typeof x === "string" && typeof y === "string") return x.includes("?") ? y : x;
    if (typeof x === "string") return y;
    if (typeof y === "string") return x;
    throw fail("graph", `node "${node.name}" (${node.op}) cannot broadcast [${a.join(", ")}] with [${b.join(", ")}]`);
  });
}

/** Sums a gradient over the axes along which `target` was repeated, so that it has `target`'s shape. */
export function unbroadcast(g: GraphBuilder, gradient: Value, target: Value): Value {
  const from = staticDims(gradient);
  const to = staticDims(target);
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || (to[i - lead] === 1 && dim !== 1) ? [i] : []));
  if (axes.length === 0) return gradient;
  const summed = reduceSum(g, gradient, axes, true);
  return lead === 0 ? summed : g.op("Reshape", [summed, g.ints(to)]);
}
