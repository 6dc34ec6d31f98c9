import { float32, type Value } from "@graft-ml/core";
import { normalizeAxis, type Operator, staticDims } from "../operator.ts";
import type { Decompose } from "./decomposition.ts";

/** 1 at the first largest element along one axis, before operator set 13 over all axes from one on, and 0 elsewhere. */
export const hardmax: Operator = {
  op: "Hardmax",
  since: 1,
  infer: (c) => [c.input(0)],
  stopsGradient: true,
};

/** The place of the largest element, written out as ones and zeros. */
export const decomposeHardmax: Decompose = ({ g, node, attributes, inputs }) => {
  const x = inputs[0]!;
  const dims = staticDims(x);
  const matrix = g.opset < 13;
  const from = normalizeAxis(node, attributes.int("axis", matrix ? 1 : -1), dims.length);
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  const shape = matrix ? [product(dims.slice(0, from)), product(dims.slice(from))] : dims;
  const axis = matrix ? 1 : from;
  const reshaped = (value: Value, to: readonly number[]): Value =>
    matrix ? g.op("Reshape", [value, g.ints(to)]) : value;
  const places = g.op("ArgMax", [reshaped(x, shape)], { axis, keepdims: 0 });
  const ones = g.op("OneHot", [places, g.ints([shape[axis]!]), g.constant(float32([2], [0, 1]))], { axis });
  return [reshaped(ones, dims)];
};
