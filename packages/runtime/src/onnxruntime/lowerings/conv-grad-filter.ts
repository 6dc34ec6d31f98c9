import { float32, sizeOf, type Value } from "@graft-ml/core";
import { attributesOf, type ConvGeometry, type OpenGraph, reduceSum, reshape, staticDims } from "@graft-ml/graph";
import { blockedGradFilter, suitsBlocks } from "./blocked.ts";
import { productGradFilter, suitsProduct } from "./depthwise-product.ts";
import type { Lowering } from "./index.ts";
import { shiftedProducts, suitsShifts } from "./shifted-products.ts";

/** A convolution's kernel gradient: matrix products where they fit, else a convolution of x with dy as its kernel. */
export const convGradFilter: Lowering = (node, g, { block }) => {
  const [x, dy] = node.inputs.map((name) => g.value(name)) as [Value, Value];
  const { ints, int } = attributesOf(node);
  const geometry: ConvGeometry = {
    strides: ints("strides"),
    pads: ints("pads"),
    dilations: ints("dilations"),
    group: int("group"),
  };
  const shape = ints("shape");
  const [m, c, kh, kw] = shape as [number, number, number, number];
  const whole = { ...geometry, input: staticDims(x), kernel: shape, output: staticDims(dy).slice(2) };
  if (suitsBlocks(whole, block)) return blockedGradFilter(g, x, dy, whole, block);
  if (suitsProduct(whole)) return productGradFilter(g, x, dy, whole);
  const dense = geometry.group === 1 && kh === 1 && kw === 1 && geometry.pads.every((pad) => pad === 0);
  if (dense && geometry.strides.every((stride) => stride === 1)) return pointwise(g, x, dy, shape);
  if (suitsShifts(geometry, shape)) return shiftedProducts(g, x, dy, geometry, shape);
  if (geometry.group === 1 && c * kh * kw <= FEW) return unfolded(g, x, dy, geometry, shape);
  return m === geometry.group && c === 1 ? depthwise(g, x, dy, geometry, shape) : grouped(g, x, dy, geometry, shape);
};

/** Large images: one product a picture, then a sum. Small ones: one product over all positions. */
const LARGE = 28 * 28;

function pointwise(g: OpenGraph, x: Value, dy: Value, shape: readonly number[]): Value {
  const [n, c, h, w] = staticDims(x) as [number, number, number, number];
  const m = shape[0]!;
  if (h * w > LARGE) {
    const columns = g.op("Transpose", [reshape(g, x, [n, c, h * w])], { perm: [0, 2, 1] });
    const each = g.op("MatMul", [reshape(g, dy, [n, m, h * w]), columns]);
    return reshape(g, reduceSum(g, each, [0], false), shape);
  }
  const columns = reshape(g, g.op("Transpose", [x], { perm: [0, 2, 3, 1] }), [n * h * w, c]);
  const rows = reshape(g, g.op("Transpose", [dy], { perm: [1, 0, 2, 3] }), [m, n * h * w]);
  return reshape(g, g.op("MatMul", [rows, columns]), shape);
}

/** Weights of a kernel up to which its windows are cheap to lay out, such as those of a 3×3 kernel over three colours. */
const FEW = 32;

/** The windows of a kernel with few weights side by side as channels, by a convolution with unit kernels; then as a 1×1 kernel. */
function unfolded(g: OpenGraph, x: Value, dy: Value, geometry: ConvGeometry, shape: readonly number[]): Value {
  const [m, ...window] = shape as [number, ...number[]];
  const size = sizeOf(window);
  const units = g.shared(`units ${window.join(",")}`, () => {
    const weights = new Float32Array(size * size);
    for (let i = 0; i < size; i++) weights[i * size + i] = 1;
    return float32([size, ...window], weights);
  });
  const { strides, pads, dilations } = geometry;
  const columns = g.op("Conv", [x, units], { strides, pads, dilations });
  return reshape(g, pointwise(g, columns, dy, [m, size, 1, 1]), shape);
}

/** Every picture's every channel is a group of its own; the sum over pictures follows. */
function depthwise(g: OpenGraph, x: Value, dy: Value, geometry: ConvGeometry, shape: readonly number[]): Value {
  const [n, c, h, w] = staticDims(x) as [number, number, number, number];
  const [, , oh, ow] = staticDims(dy) as [number, number, number, number];
  const z = g.op("Conv", [reshape(g, x, [1, n * c, h, w]), reshape(g, dy, [n * c, 1, oh, ow])], {
    group: n * c,
    strides: geometry.dilations,
    dilations: geometry.strides,
    pads: geometry.pads,
  });
  const [, , zh, zw] = staticDims(z) as [number, number, number, number];
  return crop(g, reduceSum(g, reshape(g, z, [n, c, 1, zh, zw]), [0], false), shape);
}

/** Channels of one group side by side as the batch, pictures as channels. */
function grouped(g: OpenGraph, x: Value, dy: Value, geometry: ConvGeometry, shape: readonly number[]): Value {
  const { group } = geometry;
  const [n, c, h, w] = staticDims(x) as [number, number, number, number];
  const [, m, oh, ow] = staticDims(dy) as [number, number, number, number];
  const pictures = g.op("Transpose", [reshape(g, x, [n, group, c / group, h, w])], { perm: [2, 1, 0, 3, 4] });
  const kernel = g.op("Transpose", [dy], { perm: [1, 0, 2, 3] });
  const z = g.op("Conv", [reshape(g, pictures, [c / group, group * n, h, w]), reshape(g, kernel, [m, n, oh, ow])], {
    group,
    strides: geometry.dilations,
    dilations: geometry.strides,
    pads: geometry.pads,
  });
  return crop(g, g.op("Transpose", [z], { perm: [1, 0, 2, 3] }), shape);
}

/** Positions that the stride left unused make the result larger than the kernel. */
function crop(g: OpenGraph, z: Value, shape: readonly number[]): Value {
  if (staticDims(z).every((dim, axis) => dim === shape[axis])) return z;
  return g.op("Slice", [z, g.ints([0, 0]), g.ints(shape.slice(2)), g.ints([2, 3])]);
}
