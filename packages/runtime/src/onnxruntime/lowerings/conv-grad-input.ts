import type { Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph, reshape, staticDims } from "@graft-ml/graph";
import { blockedGradInput, suitsBlocks } from "./blocked.ts";
import { productGradInput, suitsProduct } from "./depthwise-product.ts";
import type { Lowering } from "./index.ts";

/** A convolution's input gradient as a convolution of the (zero-stuffed) output gradient with the flipped kernel. */
export const convGradInput: Lowering = (node, g, { block }) => {
  const [dy, w] = node.inputs.map((name) => g.value(name)) as [Value, Value];
  const { ints, int } = attributesOf(node);
  const [strides, pads, dilations, shape] = [ints("strides"), ints("pads"), ints("dilations"), ints("shape")];
  const group = int("group");
  const whole = {
    strides,
    pads,
    dilations,
    group,
    input: shape,
    kernel: staticDims(w),
    output: staticDims(dy).slice(2),
  };
  const blocked = suitsBlocks(whole, block);
  if (!blocked && suitsProduct(whole)) return productGradInput(g, dy, w, whole);
  const [, , kh, kw] = staticDims(w) as [number, number, number, number];
  const reach = [(kh - 1) * dilations[0]!, (kw - 1) * dilations[1]!];
  const before = [0, 1].map((axis) => reach[axis]! - pads[axis]!);
  const after = [0, 1].map(
    (axis) => shape[axis + 2]! - whole.output[axis]! * strides[axis]! - before[axis]! + reach[axis]!,
  );
  // A pad wider than the kernel's reach asks for less than nothing: convolve without, cut afterwards.
  const padded = [...before, ...after].map((pad) => Math.max(0, pad));
  const kernel = flipped(g, w, group);
  const dx = blocked
    ? blockedGradInput(g, dy, kernel, strides, { dilations, pads: padded }, block)
    : g.op("Conv", [zeroStuff(g, dy, strides), kernel], { group, dilations, pads: padded });
  const start = before.map((pad) => Math.max(0, -pad));
  if (staticDims(dx).every((dim, axis) => dim === shape[axis])) return dx;
  const ends = start.map((from, axis) => from + shape[axis + 2]!);
  return g.op("Slice", [dx, g.ints(start), g.ints(ends), g.ints([2, 3])]);
};

/** Puts stride − 1 zeros behind every row and column. */
function zeroStuff(g: OpenGraph, dy: Value, strides: readonly number[]): Value {
  const [sh, sw] = strides as [number, number];
  if (sh === 1 && sw === 1) return dy;
  const [n, c, h, w] = staticDims(dy) as [number, number, number, number];
  const spread = reshape(g, dy, [n, c, h, 1, w, 1]);
  const padded = g.op("Pad", [spread, g.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1])]);
  return reshape(g, padded, [n, c, h * sh, w * sw]);
}

/** The kernel with input and output channels exchanged inside each group, rows and columns reversed. */
function flipped(g: OpenGraph, w: Value, group: number): Value {
  const [m, c, kh, kw] = staticDims(w) as [number, number, number, number];
  let kernel = w;
  if (group === 1) kernel = g.op("Transpose", [w], { perm: [1, 0, 2, 3] });
  else if (m !== group || c !== 1) {
    const split = g.op("Transpose", [reshape(g, w, [group, m / group, c, kh, kw])], { perm: [0, 2, 1, 3, 4] });
    kernel = reshape(g, split, [group * c, m / group, kh, kw]);
  }
  if (kh === 1 && kw === 1) return kernel;
  const end = -(2 ** 31);
  return g.op("Slice", [kernel, g.ints([-1, -1]), g.ints([end, end]), g.ints([2, 3]), g.ints([-1, -1])]);
}
