import { allocate, int64, sizeOf, type Tensor } from "@graft-ml/core";
import type { InferContext } from "../operator.ts";
import { asPictures, convGeometry } from "./conv.ts";
import { poolShape } from "./max-pool-window.ts";

/** Each window's largest element and its place in the whole input, taken as a row. */
export function evaluateMaxPool(c: InferContext, [x]: readonly Tensor[]): readonly Tensor[] | undefined {
  const { dtype, dims, data } = x!;
  if (dtype !== "float32" && dtype !== "float64") return undefined;
  const own = c.attributes.ints("kernel_shape");
  const pair = (sizes: readonly number[]) => (own.length === 1 ? [1, ...sizes] : sizes) as [number, number];
  const { strides, pads, dilations } = asPictures(convGeometry(c, dims, [1, 1, ...own]));
  const shape = poolShape(c).dims as number[];
  const [[kh, kw], [height, width], [rows, columns]] = [pair(own), pair(dims.slice(2)), pair(shape.slice(2))];
  const columnMajor = c.attributes.int("storage_order", 0) === 1;
  const y = allocate(dtype, sizeOf(shape)) as Float32Array | Float64Array;
  const places = new Array<number>(y.length);
  for (let o = 0; o < y.length; o++) {
    const plane = Math.floor(o / (rows * columns)) * height * width;
    const top = (Math.floor(o / columns) % rows) * strides[0]! - pads[0]!;
    const left = (o % columns) * strides[1]! - pads[1]!;
    y[o] = Number.NEGATIVE_INFINITY;
    places[o] = -1;
    for (let tap = 0; tap < kh * kw; tap++) {
      const row = top + Math.floor(tap / kw) * dilations[0]!;
      const column = left + (tap % kw) * dilations[1]!;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const value = data[plane + row * width + column] as number;
      if (places[o]! >= 0 && !(value > y[o]!)) continue;
      y[o] = value;
      places[o] = plane + (columnMajor ? column * height + row : row * width + column);
    }
  }
  return [{ dtype, dims: shape, data: y }, int64(shape, places)];
}
