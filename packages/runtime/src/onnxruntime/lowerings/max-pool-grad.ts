import { fail, type GraphNode, sizeOf, type Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph, reshape, staticDims } from "@graft-ml/graph";
import { SCATTER_ADDS } from "./gather-grad.ts";
import type { Lowering } from "./index.ts";

/** First operator set with `MaxUnpool`, and slices whose steps are inputs. */
const OLDEST = 10;

/**
 * The gradient goes where the pool's own indices point: by `MaxUnpool` where windows share no pixel, by a scatter that
 * adds where they do. Nothing but the indices is kept of the windows.
 */
export const maxPoolGrad: Lowering = (node, g) => {
  if (g.opset < OLDEST) {
    throw fail(
      "runtime/onnxruntime",
      `node "${node.name}" (MaxPoolGrad) needs a model of operator set ${OLDEST} or later; this one has ${g.opset}`,
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
  g.append({ name, op: "MaxPool", domain: "", attributes, inputs: [x.name], outputs: [name, indices] });
  return g.value(indices);
}

/** Windows that share pixels take turns: in each turn they lie apart, and each gradient is put among zeros of its own. */
function unpool(g: OpenGraph, dy: Value, indices: Value, x: Value, overlap: readonly number[]): Value {
  const [down, across] = overlap as [number, number];
  const [height, width] = staticDims(x).slice(2) as [number, number];
  const [rows, columns] = staticDims(dy).slice(2) as [number, number];
  const parts: Value[] = [];
  for (let i = 0; i < Math.min(down, rows); i++) {
    for (let j = 0; j < Math.min(across, columns); j++) {
      const [places, part] = [indices, dy].map((value) =>
        down * across === 1
          ? value
          : g.op("Slice", [value, g.ints([i, j]), g.ints([rows, columns]), g.ints([2, 3]), g.ints(overlap)]),
      ) as [Value, Value];
      const [high, wide] = staticDims(part).slice(2) as [number, number];
      // A window of this size at stride 1 makes an output as large as x.
      parts.push(g.op("MaxUnpool", [part, places], { kernel_shape: [height - high + 1, width - wide + 1] }));
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
