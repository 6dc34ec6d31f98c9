import { float32, int64, type Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph, reshape, staticDims } from "@graft-ml/graph";
import type { Lowering } from "./index.ts";

/** First operator set whose scatters add. */
export const SCATTER_ADDS = 16;
/** First operator set that may be raised to that: older ones write axes another way. */
export const OLDEST_RAISED = 13;

/** Slices added to zeros where they were picked, by `ScatterND`; the axis is moved first and back. */
export const gatherGrad: Lowering = (node, g) => {
  const [dy, indices] = node.inputs.map((name) => g.value(name)) as [Value, Value];
  const attributes = attributesOf(node);
  const [shape, axis] = [attributes.ints("shape"), attributes.int("axis")];
  const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  const [outer, inner] = [product(shape.slice(0, axis)), product(shape.slice(axis + 1))];
  const count = product(staticDims(indices));
  let rows = reshape(g, dy, [outer, count, inner]);
  if (outer > 1) rows = g.op("Transpose", [rows], { perm: [1, 0, 2] });
  const flat = reshape(g, rows, [count, outer * inner]);
  // `Gather` takes indices of 32 bits, scatters do not.
  const picks = indices.dtype === "int64" ? indices : g.op("Cast", [indices], { to: 7 });
  const sums =
    g.opset < OLDEST_RAISED
      ? byProduct(g, shape[axis]!, reshape(g, picks, [count]), flat)
      : addTo(g, "ScatterND", [shape[axis]!, outer * inner], reshape(g, picks, [count, 1]), flat);
  if (outer === 1) return reshape(g, sums, shape);
  const turned = g.op("Transpose", [reshape(g, sums, [shape[axis]!, outer, inner])], { perm: [1, 0, 2] });
  return reshape(g, turned, shape);
};

/** Elements added to zeros where they were picked. */
export const gatherElementsGrad: Lowering = (node, g) => {
  const [dy, indices] = node.inputs.map((name) => g.value(name)) as [Value, Value];
  const attributes = attributesOf(node);
  return addTo(g, "ScatterElements", attributes.ints("shape"), indices, dy, { axis: attributes.int("axis") });
};

/** Slices added to zeros where their positions say. */
export const gatherNdGrad: Lowering = (node, g) => {
  const [dy, indices] = node.inputs.map((name) => g.value(name)) as [Value, Value];
  return addTo(g, "ScatterND", attributesOf(node).ints("shape"), indices, dy);
};

/** The same sums as a product with one-hot rows: slow for large vocabularies, and all that old operator sets have. */
function byProduct(g: OpenGraph, size: number, indices: Value, flat: Value): Value {
  const depth = g.shared(`depth ${size}`, () => int64([], [size]));
  const values = g.shared("off and on", () => float32([2], [0, 1]));
  return g.op("MatMul", [g.op("OneHot", [indices, depth, values], { axis: 0 }), flat]);
}

function addTo(
  g: OpenGraph,
  op: "ScatterElements" | "ScatterND",
  shape: readonly number[],
  indices: Value,
  updates: Value,
  attributes: { readonly axis?: number } = {},
): Value {
  const zeros = g.op("ConstantOfShape", [g.ints(shape)]);
  return g.op(op, [zeros, indices, updates], { ...attributes, reduction: "add" });
}
