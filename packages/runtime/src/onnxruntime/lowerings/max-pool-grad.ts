import { type Attribute, fail, type GraphNode, sizeOf, type Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph, reshape, staticDims } from "@graft-ml/graph";
import { SCATTER_ADDS } from "./gather-grad.ts";
import type { Lowering } from "./index.ts";

/** First operator set with `MaxUnpool`. */
const UNPOOLS = 9;

/**
 * The gradient goes where the pool's own indices point: by `MaxUnpool` where windows share no pixel, by a scatter that
 * adds where they do. Nothing but the indices is kept of the windows.
 */
export const maxPoolGrad: Lowering = (node, g) => {
  if (g.opset < UNPOOLS) {
    throw fail(
      "runtime/onnxruntime",
      `node "${node.name}" (MaxPoolGrad) needs a model of operator set ${UNPOOLS} or later; this one has ${g.opset}`,
    );
  }
  const [x, , dy] = node.inputs.map((name) => g.value(name)) as [Value, Value, Value];
  const { ints } = attributesOf(node);
  const [kernel, strides, dilations] = [ints("kernel_shape"), ints("strides"), ints("dilations")];
  const indices = poolIndices(g, node, x);
  const overlap = kernel.map((taps, axis) => Math.ceil((dilations[axis]! * (taps - 1) + 1) / strides[axis]!));
  const alone = overlap.every((times) => times === 1);
  return g.opset < SCATTER_ADDS || alone ? unpool(g, dy, indices, x, overlap) : scatter(g, dy, indices, x);
};

/** Where in x, taken as one row, each window's first largest element lies. */
function poolIndices(g: OpenGraph, { attributes }: GraphNode, x: Value): Value {
  const [name, indices] = [g.fresh("MaxPool"), g.fresh("indices")];
  // Old operator sets refuse attributes that they do not know, whatever they say.
  const told = Object.entries(attributes).filter(
    ([key, { value }]: [string, Attribute]) =>
      !(key === "dilations" && (value as readonly number[]).every((n) => n === 1)) &&
      !(key === "ceil_mode" && value === 0),
  );
  const own = { attributes: Object.fromEntries(told), inputs: [x.name], outputs: [name, indices] };
  g.append({ name, op: "MaxPool", domain: "", ...own });
  return g.value(indices);
}

/** Windows that share pixels take turns: in each turn they lie apart, and each gradient is put among zeros of its own. */
function unpool(g: OpenGraph, dy: Value, indices: Value, x: Value, overlap: readonly number[]): Value {
  const [down, across] = overlap as [number, number];
  const [, , rows, columns] = staticDims(dy) as [number, number, number, number];
  const shape = g.ints(staticDims(x));
  const attributes = { kernel_shape: { type: "ints", value: [1, 1] } } as const;
  const parts: Value[] = [];
  for (let i = 0; i < Math.min(down, rows); i++) {
    for (let j = 0; j < Math.min(across, columns); j++) {
      const turn = (value: Value): Value =>
        down * across === 1
          ? value
          : g.op("Slice", [value, g.ints([i, j]), g.ints([rows, columns]), g.ints([2, 3]), g.ints(overlap)]);
      parts.push(
        g.foreign({ op: "MaxUnpool", domain: "", attributes }, [turn(dy), turn(indices), shape], {
          dtype: x.dtype,
          dims: x.dims,
        }),
      );
    }
  }
  return parts.reduce((sum, part) => g.op("Add", [sum, part]));
}

function scatter(g: OpenGraph, dy: Value, indices: Value, x: Value): Value {
  const dims = staticDims(x);
  const zeros = g.op("ConstantOfShape", [g.ints([sizeOf(dims)])]);
  const [places, parts] = [reshape(g, indices, [-1]), reshape(g, dy, [-1])];
  return reshape(g, g.op("ScatterElements", [zeros, places, parts], { axis: 0, reduction: "add" }), dims);
}
