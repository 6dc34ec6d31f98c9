import type { Dim } from "@graft-ml/core";
import { type GradientContext, type InferContext, type Shape, staticDims } from "../operator.ts";
import { asPictures, checkSpatial, convGeometry } from "./conv.ts";

/** Shape rule of pooling over one or two axes, `ceil_mode` and `auto_pad` included. */
export function poolShape(c: InferContext): Shape {
  const x = c.input(0);
  const kernel = c.attributes.ints("kernel_shape");
  checkSpatial(c, x, kernel.length);
  const { strides, pads, dilations } = convGeometry(c, x.dims, [1, 1, ...kernel]);
  const spatial = kernel.map((taps, axis): Dim => {
    const size = x.dims[axis + 2]!;
    if (typeof size === "string") return c.unknown();
    const [stride, before] = [strides[axis]!, pads[axis]!];
    const steps = (size + before + pads[axis + kernel.length]! - dilations[axis]! * (taps - 1) - 1) / stride;
    if (c.attributes.int("ceil_mode", 0) === 0) return Math.floor(steps) + 1;
    const last = Math.ceil(steps);
    // No window starts in the padding behind the picture.
    return last * stride >= size + before ? last : last + 1;
  });
  return { dtype: x.dtype, dims: [...x.dims.slice(0, 2), ...spatial] };
}

/** A pool's window over pictures. */
export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

/** The window of a pool under differentiation. */
export function poolWindow(c: GradientContext): PoolWindow {
  const [x, y] = [c.inputs[0]!, c.outputs[0]!];
  const own = c.attributes.ints("kernel_shape");
  const pair = (numbers: readonly number[]) => (own.length === 1 ? [1, ...numbers] : numbers) as [number, number];
  const { strides, pads, dilations } = asPictures(convGeometry(c, x.dims, [1, 1, ...own]));
  return {
    kernel: pair(own),
    input: pair(staticDims(x).slice(2)),
    output: pair(staticDims(y).slice(2)),
    strides: strides as [number, number],
    dilations: dilations as [number, number],
    pads: pads as [number, number, number, number],
  };
}

/** The pads with those behind stretched over the windows that `ceil_mode` adds. */
export function stretchedPads({ kernel, strides, dilations, pads, input, output }: PoolWindow): number[] {
  const behind = input.map((size, axis) => {
    const needed = (output[axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
    return Math.max(pads[axis + 2]!, needed - size - pads[axis]!);
  });
  return [pads[0], pads[1], ...behind];
}

/** How many elements each window's mean is taken over, row by row; with `countPads` those of the pads count, too. */
export function poolCounts(
  { kernel, strides, dilations, pads, input, output }: PoolWindow,
  countPads: boolean,
): number[] {
  const [rows, columns] = ([0, 1] as const).map((axis) =>
    Array.from({ length: output[axis] }, (_, k) => {
      const from = k * strides[axis] - pads[axis];
      const end = input[axis] + (countPads ? pads[axis + 2]! : 0);
      const places = Array.from({ length: kernel[axis] }, (_, tap) => from + tap * dilations[axis]);
      return places.filter((place) => place < end && (countPads || place >= 0)).length;
    }),
  ) as [number[], number[]];
  return rows.flatMap((row) => columns.map((column) => row * column));
}
