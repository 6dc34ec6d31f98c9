import type { GraphBuilder, Value } from "@graft-ml/core";
import type { OpenGraph } from "./builder.ts";

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

/** Cuts a value into parts of given sizes along an axis; one node, so that its gradient is one, too. */
export function split(g: OpenGraph, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const name = g.fresh("Split");
  const outputs = sizes.map((_, i) => g.fresh(`${name}:${i}`));
  const at = { axis: { type: "int", value: axis } } as const;
  g.append({
    name,
    op: "Split",
    domain: "",
    inputs: g.opset >= 13 ? [x.name, g.ints(sizes).name] : [x.name],
    outputs,
    attributes: g.opset >= 13 ? at : { ...at, split: { type: "ints", value: sizes } },
  });
  return outputs.map((output) => g.value(output));
}
