import type { GraphBuilder, Value } from "@graft-ml/core";

/** Adds a sum over axes in the form that the graph's operator set wants. */
export function reduceSum(g: GraphBuilder, x: Value, axes: readonly number[], keepdims: boolean): Value {
  const attributes = { keepdims: keepdims ? 1 : 0 };
  return g.opset >= 13
    ? g.op("ReduceSum", [x, g.ints(axes)], attributes)
    : g.op("ReduceSum", [x], { ...attributes, axes });
}

/** Adds a mean over axes in the form that the graph's operator set wants. */
export function reduceMean(g: GraphBuilder, x: Value, axes: readonly number[], keepdims: boolean): Value {
  const attributes = { keepdims: keepdims ? 1 : 0 };
  return g.opset >= 18
    ? g.op("ReduceMean", [x, g.ints(axes)], attributes)
    : g.op("ReduceMean", [x], { ...attributes, axes });
}

/** Adds a maximum over axes in the form that the graph's operator set wants. */
export function reduceMax(g: GraphBuilder, x: Value, axes: readonly number[], keepdims: boolean): Value {
  const attributes = { keepdims: keepdims ? 1 : 0 };
  return g.opset >= 18
    ? g.op("ReduceMax", [x, g.ints(axes)], attributes)
    : g.op("ReduceMax", [x], { ...attributes, axes });
}

/** Adds a reshape to a static shape. */
export function reshape(g: GraphBuilder, x: Value, dims: readonly number[]): Value {
  return g.op("Reshape", [x, g.ints(dims)]);
}
