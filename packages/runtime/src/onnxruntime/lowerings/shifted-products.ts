import type { Value } from "@graft-ml/core";
import { type ConvGeometry, type OpenGraph, reshape, staticDims } from "@graft-ml/graph";

/** Beyond this many taps the copies cost more than the convolution that they replace. */
const MOST_TAPS = 25;

/** With fewer channels a product is too thin to make up for its copy. */
const FEWEST_CHANNELS = 64;

/** Whether the kernel's gradient is one matrix product a tap: dense, without strides, more than one tap, enough channels. */
export function suitsShifts({ strides, group }: ConvGeometry, shape: readonly number[]): boolean {
  const [m, c, kh, kw] = shape as [number, number, number, number];
  const taps = kh * kw;
  const wide = Math.min(m, c) >= FEWEST_CHANNELS;
  return group === 1 && strides.every((stride) => stride === 1) && taps > 1 && taps <= MOST_TAPS && wide;
}

/**
 * The kernel's gradient of a dense convolution. With rows of x and dy padded to one width, a tap is a shift of the flat
 * picture, so that its gradient is dy · (x, shifted)ᵀ over all positions of all pictures, and the shift one long copy a
 * channel. At 16×128×28×28, 3×3, it takes half the time of a convolution whose kernel is dy.
 */
export function shiftedProducts(
  g: OpenGraph,
  x: Value,
  dy: Value,
  { pads, dilations }: ConvGeometry,
  shape: readonly number[],
): Value {
  const [m, c, kh, kw] = shape as [number, number, number, number];
  const [n, , h, w] = staticDims(x) as [number, number, number, number];
  const [, , oh, ow] = staticDims(dy) as [number, number, number, number];
  const width = w + pads[1]! + pads[3]!;
  const height = h + pads[0]! + pads[2]!;
  const length = oh * width;
  const farthest = (kh - 1) * dilations[0]! * width + (kw - 1) * dilations[1]!;
  // The last shifts reach past the picture's end by less than a row, where dy is zero.
  const rows = Math.max(height, Math.ceil((farthest + length) / width));
  const pictures = flatChannels(g, x, [pads[0]!, pads[1]!, rows - h - pads[0]!, pads[3]!], [n, c, rows * width]);
  const gradients = reshape(g, flatChannels(g, dy, [0, 0, 0, width - ow], [n, m, length]), [m, n * length]);
  const taps: Value[] = [];
  for (let a = 0; a < kh; a++) {
    for (let b = 0; b < kw; b++) {
      const start = a * dilations[0]! * width + b * dilations[1]!;
      const shifted = g.op("Slice", [pictures, g.ints([start]), g.ints([start + length]), g.ints([2])]);
      const columns = g.op("Transpose", [reshape(g, shifted, [c, n * length])], { perm: [1, 0] });
      taps.push(reshape(g, g.op("MatMul", [gradients, columns]), [1, m, c]));
    }
  }
  const kernel = g.op("Transpose", [g.op("Concat", taps, { axis: 0 })], { perm: [1, 2, 0] });
  return reshape(g, kernel, shape);
}

/** `[channels, batch, positions]` of the padded picture. */
function flatChannels(
  g: OpenGraph,
  x: Value,
  [top, left, bottom, right]: readonly [number, number, number, number],
  [n, c, positions]: readonly [number, number, number],
): Value {
  const padded =
    top + left + bottom + right === 0 ? x : g.op("Pad", [x, g.ints([0, 0, top, left, 0, 0, bottom, right])]);
  return g.op("Transpose", [reshape(g, padded, [n, c, positions])], { perm: [1, 0, 2] });
}
