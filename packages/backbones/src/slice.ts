import type { Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";

/** Adds a stretch of a value along one axis, in the form that the graph's operator set wants. */
export function slice(g: OpenGraph, x: Value, axis: number, start: number, end: number): Value {
  if (g.opset >= 10) return g.op("Slice", [x, g.ints([start]), g.ints([end]), g.ints([axis])]);
  return g.op("Slice", [x], { starts: [start], ends: [end], axes: [axis] });
}
