import type { Value } from "@graft-ml/core";
import { type OpenGraph, reduceSum, reshape, staticDims } from "@graft-ml/graph";
import { BLOCKED_DOMAIN, wholeBlocks } from "./blocked-layout.ts";
import { type DepthwiseShape, isDepthwise } from "./depthwise-product.ts";

// Depthwise convolutions in ONNX Runtime's own blocked layout, `[batch, channels / block, height, width, block]`, which it
// keeps for constant kernels but runs for any. Vectors then run over channels instead of over the few taps of a kernel: at
// 16×144×56×56, 3×3, the kernel's gradient takes 12 ms of one core instead of 83, the forward pass 8.5 instead of 16.

/** Whether a convolution is depthwise and has channels that the layout can hold. */
export function suitsBlocks(shape: DepthwiseShape, block: number): boolean {
  const channels = shape.input[1]!;
  // The reordering takes channels by fours; mostly empty blocks would waste what the layout gains.
  return block > 0 && isDepthwise(shape) && channels % 4 === 0 && channels >= block / 2;
}

/** y from x and the kernel. */
export function blockedForward(
  g: OpenGraph,
  x: Value,
  w: Value,
  bias: Value | undefined,
  shape: DepthwiseShape,
  block: number,
): Value {
  const channels = shape.input[1]!;
  const offset = bias === undefined ? [] : [padChannels(g, bias, block)];
  const operands = [toBlocks(g, x), kernelBlocks(g, w, block), ...offset];
  return toPlain(g, convolve(g, operands, shape), channels);
}

/** A convolution of dy, with zeros between its elements where the forward pass had strides, by a flipped kernel. */
export function blockedGradInput(
  g: OpenGraph,
  dy: Value,
  flipped: Value,
  strides: readonly number[],
  window: Pick<DepthwiseShape, "pads" | "dilations">,
  block: number,
): Value {
  const stuffed = stuff(g, toBlocks(g, dy), strides, block);
  const dx = convolve(g, [stuffed, kernelBlocks(g, flipped, block)], { ...window, strides: [1, 1] });
  return toPlain(g, dx, staticDims(dy)[1]!);
}

/** The kernel's gradient: x convolved with dy as its kernel, pictures side by side as channels, summed over pictures. */
export function blockedGradFilter(g: OpenGraph, x: Value, dy: Value, shape: DepthwiseShape, block: number): Value {
  const [n, channels] = shape.input as [number, number];
  const [, , kh, kw] = shape.kernel as [number, number, number, number];
  const pictures = toBlocks(g, x);
  const gradients = toBlocks(g, dy);
  const [, whole, h, w] = staticDims(pictures) as [number, number, number, number];
  const [oh, ow] = shape.output as [number, number];
  const swapped = { pads: shape.pads, strides: shape.dilations, dilations: shape.strides };
  const operands = [reshape(g, pictures, [1, n * whole, h, w]), reshape(g, gradients, [n * whole, 1, oh, ow])];
  const each = convolve(g, operands, swapped);
  const size = staticDims(each).slice(2);
  const sum = reduceSum(g, reshape(g, each, [n, whole / block, ...size, block]), [0], false);
  const ordered = reshape(g, g.op("Transpose", [sum], { perm: [0, 3, 1, 2] }), [whole, 1, ...size]);
  // Positions that the stride left unused make the result larger than the kernel.
  if (whole === channels && size[0] === kh && size[1] === kw) return ordered;
  return g.op("Slice", [ordered, g.ints([0, 0, 0]), g.ints([channels, kh, kw]), g.ints([0, 2, 3])]);
}

function convolve(
  g: OpenGraph,
  operands: readonly Value[],
  { pads, strides, dilations }: Pick<DepthwiseShape, "pads" | "strides" | "dilations">,
): Value {
  const group = staticDims(operands[0]!)[1]!;
  const kernel_shape = staticDims(operands[1]!).slice(2);
  return g.op("Conv", operands, { group, kernel_shape, pads, strides, dilations }, BLOCKED_DOMAIN);
}

function toBlocks(g: OpenGraph, x: Value): Value {
  return g.op("ReorderInput", [x], { channels_last: 0 }, BLOCKED_DOMAIN);
}

function toPlain(g: OpenGraph, y: Value, channels: number): Value {
  return g.op("ReorderOutput", [y], { channels, channels_last: 0 }, BLOCKED_DOMAIN);
}

/** `[channels, 1, height, width]` in the order that the blocked convolution reads. */
function kernelBlocks(g: OpenGraph, w: Value, block: number): Value {
  const [, , kh, kw] = staticDims(w) as [number, number, number, number];
  const padded = padChannels(g, w, block);
  const channels = staticDims(padded)[0]!;
  const split = reshape(g, padded, [channels / block, block, kh, kw]);
  return reshape(g, g.op("Transpose", [split], { perm: [0, 2, 3, 1] }), [channels, 1, kh, kw]);
}

/** Fills the first axis up to whole blocks. */
function padChannels(g: OpenGraph, x: Value, block: number): Value {
  const dims = staticDims(x);
  const missing = wholeBlocks(dims[0]!, block) - dims[0]!;
  if (missing === 0) return x;
  const rest = dims.slice(1).map(() => 0);
  return g.op("Pad", [x, g.ints([0, ...rest, missing, ...rest])]);
}

/** Puts stride − 1 zeros behind every row and column of a blocked value. */
function stuff(g: OpenGraph, x: Value, strides: readonly number[], block: number): Value {
  const [sh, sw] = strides as [number, number];
  if (sh === 1 && sw === 1) return x;
  const [n, c, h, w] = staticDims(x) as [number, number, number, number];
  const spread = reshape(g, x, [(n * c) / block, h, 1, w, block]);
  const padded = g.op("Pad", [spread, g.ints([0, 0, 0, 0, 0, 0, 0, sh - 1, 0, (sw - 1) * block])]);
  return reshape(g, padded, [n, c, h * sh, w * sw]);
}
