import type { Attribute, Value } from "@graft-ml/core";
import { type OpenGraph, reduceSum, reshape, staticDims } from "@graft-ml/graph";
import type { DepthwiseShape } from "./depthwise-product.ts";

/**
 * Depthwise convolutions in ONNX Runtime's own blocked layout, `[batch, channels / block, height, width, block]`, which it
 * keeps for constant kernels but runs for any. Vectors then run over channels instead of over the few taps of a kernel: at
 * 16×144×56×56, 3×3, the kernel's gradient takes 12 ms of one core instead of 83, the forward pass 8.5 instead of 16.
 * Values keep their nominal shape, with channels rounded up to whole blocks.
 */
const LAYOUT = "com.microsoft.nchwc";

/** Whether a convolution is depthwise, without multiplier, and has channels that the layout can hold. */
export function suitsBlocks({ input, kernel, group }: DepthwiseShape, block: number): boolean {
  const channels = input[1]!;
  const depthwise = group === channels && kernel[0] === channels && kernel[1] === 1 && group > 1;
  // The reordering takes channels by fours; mostly empty blocks would waste what the layout gains.
  return block > 0 && depthwise && channels % 4 === 0 && channels >= block / 2;
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
  const operands = [toBlocks(g, x, block), kernelBlocks(g, w, block), ...offset];
  return toPlain(g, convolve(g, operands, shape, shape.output), channels);
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
  const stuffed = stuff(g, toBlocks(g, dy, block), strides, block);
  const [h, w] = staticDims(stuffed).slice(2) as [number, number];
  const [kh, kw] = staticDims(flipped).slice(2) as [number, number];
  const { pads, dilations } = window;
  const size = [h + pads[0]! + pads[2]! - (kh - 1) * dilations[0]!, w + pads[1]! + pads[3]! - (kw - 1) * dilations[1]!];
  const dx = convolve(g, [stuffed, kernelBlocks(g, flipped, block)], { ...window, strides: [1, 1] }, size);
  return toPlain(g, dx, staticDims(dy)[1]!);
}

/** The kernel's gradient: x convolved with dy as its kernel, pictures side by side as channels, summed over pictures. */
export function blockedGradFilter(g: OpenGraph, x: Value, dy: Value, shape: DepthwiseShape, block: number): Value {
  const [n, channels] = shape.input as [number, number];
  const [, , kh, kw] = shape.kernel as [number, number, number, number];
  const pictures = toBlocks(g, x, block);
  const gradients = toBlocks(g, dy, block);
  const [, whole, h, w] = staticDims(pictures) as [number, number, number, number];
  const [oh, ow] = shape.output as [number, number];
  const swapped = { pads: shape.pads, strides: shape.dilations, dilations: shape.strides };
  // Positions that the stride left unused make the result larger than the kernel.
  const size = [0, 1].map((axis) => {
    const padded = [h, w][axis]! + shape.pads[axis]! + shape.pads[axis + 2]!;
    const unused = padded - shape.strides[axis]! * (shape.output[axis]! - 1) - 1;
    return Math.floor(unused / shape.dilations[axis]!) + 1;
  });
  const operands = [reshape(g, pictures, [1, n * whole, h, w]), reshape(g, gradients, [n * whole, 1, oh, ow])];
  const each = convolve(g, operands, swapped, size);
  const sum = reduceSum(g, reshape(g, each, [n, whole / block, ...size, block]), [0], false);
  const ordered = reshape(g, g.op("Transpose", [sum], { perm: [0, 3, 1, 2] }), [whole, 1, ...size]);
  if (whole === channels && size[0] === kh && size[1] === kw) return ordered;
  return g.op("Slice", [ordered, g.ints([0, 0, 0]), g.ints([channels, kh, kw]), g.ints([0, 2, 3])]);
}

function convolve(
  g: OpenGraph,
  operands: readonly Value[],
  window: Pick<DepthwiseShape, "pads" | "strides" | "dilations">,
  size: readonly number[],
): Value {
  const [batch, channels] = staticDims(operands[0]!) as [number, number];
  const attributes = {
    group: int(channels),
    kernel_shape: ints(staticDims(operands[1]!).slice(2)),
    pads: ints(window.pads),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
  };
  const dims = [batch, channels, ...size];
  return g.foreign({ op: "Conv", domain: LAYOUT, attributes }, operands, { dtype: "float32", dims });
}

function toBlocks(g: OpenGraph, x: Value, block: number): Value {
  const [n, c, h, w] = staticDims(x) as [number, number, number, number];
  const node = { op: "ReorderInput", domain: LAYOUT, attributes: { channels_last: int(0) } };
  return g.foreign(node, [x], { dtype: "float32", dims: [n, whole(c, block), h, w] });
}

function toPlain(g: OpenGraph, y: Value, channels: number): Value {
  const [n, , h, w] = staticDims(y) as [number, number, number, number];
  const node = { op: "ReorderOutput", domain: LAYOUT, attributes: { channels: int(channels), channels_last: int(0) } };
  return g.foreign(node, [y], { dtype: "float32", dims: [n, channels, h, w] });
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
  const missing = whole(dims[0]!, block) - dims[0]!;
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

function whole(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

function int(value: number): Attribute {
  return { type: "int", value };
}

function ints(value: readonly number[]): Attribute {
  return { type: "ints", value };
}
