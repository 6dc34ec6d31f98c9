import { poolCounts } from "@graft-ml/graph";
import { composedMaxPool, composedMaxPoolGrad, composedSumPool } from "../composed-pool.ts";
import type { Device, DeviceTensor } from "../device.ts";
import { type ConvGeometry, geometry, spatialSizes, windowOf } from "../geometry.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { made, physical, type Value } from "../value.ts";
import { arithmeticOn } from "./arithmetic.ts";
import { onHost } from "./on-host.ts";
import { picture, pictureValue } from "./picture.ts";

/** Less than whatever a window holds. */
const LOWEST = -3.4e38;

/** `MaxPool` over pictures or signals; with the places of what it picked, on the host. */
export const maxPool: Kernel = (node, device) => {
  // No backend's pool tells places in the order of ONNX.
  if (node.node.outputs[1]) return onHost(node, device);
  const window = poolWindow(node);
  return (inputs) => {
    const x = inputs[0]!;
    const { padded, inner } = padFully(picture(x, device), window(x), LOWEST, device);
    const y = isDense(inner)
      ? device.run("MaxPool", { x: padded }, sliding(inner))
      : composedMaxPool(padded, inner, device);
    return pictureValue(y, x.dtype, x.dims.length, device);
  };
};

/** `MaxPoolGrad(x, y, dy)`: the first of a window's largest pixels takes the window's gradient. */
export const maxPoolGrad: Kernel = (node, device) => {
  const window = poolWindow(node);
  return (inputs) => {
    const [x, y, dy] = inputs as readonly [Value, Value, Value];
    const { padded, inner, amounts } = padFully(picture(x, device), window(x), LOWEST, device);
    const [output, gradient] = [picture(y, device), picture(dy, device)];
    const dx =
      device.name === "tfjs-node" && isDense(inner)
        ? device.run("MaxPoolGrad", { dy: gradient, input: padded, output }, sliding(inner))
        : composedMaxPoolGrad(padded, output, gradient, inner, device);
    const back = amounts.map(([before, after]) => [-before, -after] as const);
    return pictureValue(device.pad(dx, [[0, 0], ...back, [0, 0]]), x.dtype, x.dims.length, device);
  };
};

/** `AveragePool` over pictures or signals; padding counts only where `count_include_pad` says so. */
export const averagePool: Kernel = (node, device) => {
  const window = poolWindow(node);
  const countPads = node.int("count_include_pad", 0) !== 0;
  return (inputs) => {
    const x = inputs[0]!;
    const g = window(x);
    const { padded, inner } = padFully(picture(x, device), g, 0, device);
    const dense = isDense(inner);
    const taps = g.kernel[0] * g.kernel[1];
    const counts = poolCounts(g, countPads);
    const factors = counts.map((count) => (dense ? taps : 1) / count);
    const sums = dense ? device.run("AvgPool", { x: padded }, sliding(inner)) : composedSumPool(padded, inner, device);
    const rank = x.dims.length;
    if (factors.every((factor) => factor === 1)) return pictureValue(sums, x.dtype, rank, device);
    const b = device.upload(Float32Array.from(factors), [1, ...g.output, 1], "float32");
    return pictureValue(device.run("Multiply", { a: sums, b }), x.dtype, rank, device);
  };
};

/** `LpPool` over pictures or signals. */
export const lpPool: Kernel = (node, device) => {
  const window = poolWindow(node);
  const { raised, root } = powers(node, device);
  return (inputs) => {
    const x = inputs[0]!;
    const { padded, inner } = padFully(raised(picture(x, device)), window(x), 0, device);
    return pictureValue(root(sumPool(padded, inner, device)), x.dtype, x.dims.length, device);
  };
};

/** `GlobalLpPool`: the norm of everything behind the channels, kept as axes of size 1. */
export const globalLpPool: Kernel = (node, device) => {
  const { raised, root } = powers(node, device);
  return (inputs) => {
    const x = inputs[0]!;
    const sum = device.reduce("Sum", raised(physical(x, device)), spatialPlaces(x), true);
    return made(root(sum), x.dtype, x.order);
  };
};

/** `GlobalMaxPool`: the largest element of everything behind the channels, kept as axes of size 1. */
export const globalMaxPool: Kernel = (_, device) => (inputs) => {
  const x = inputs[0]!;
  const axes = spatialPlaces(x);
  const y = device.run("Max", { x: physical(x, device) }, { reductionIndices: axes, axis: axes, keepDims: true });
  return made(y, x.dtype, x.order);
};

/** The physical axes behind batch and channels. */
function spatialPlaces(x: Value): number[] {
  const order = x.order ?? x.dims.map((_, i) => i);
  const places = x.dims.slice(2).map((_, i) => order.indexOf(i + 2));
  return places.sort((a, b) => a - b);
}

/** |x|^p and its inverse for positive numbers. */
function powers(node: NodeReader, device: Device) {
  const p = node.int("p", 2);
  const m = arithmeticOn(device);
  const power = (x: DeviceTensor, exponent: number) => device.run("Pow", { a: x, b: device.scalar(exponent) });
  return {
    raised: (x: DeviceTensor) => (p === 2 ? m.mul(x, x) : p === 1 ? m.of("Abs", x) : power(m.of("Abs", x), p)),
    root: (x: DeviceTensor) => (p === 2 ? m.of("Sqrt", x) : p === 1 ? x : power(x, 1 / p)),
  };
}

function sumPool(x: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  if (!isDense(g)) return composedSumPool(x, g, device);
  const means = device.run("AvgPool", { x }, sliding(g));
  return device.run("Multiply", { a: means, b: device.scalar(g.kernel[0] * g.kernel[1]) });
}

function poolWindow(node: NodeReader): (x: Value) => ConvGeometry {
  const kernel = node.ints("kernel_shape");
  if (kernel === undefined || kernel.length < 1 || kernel.length > 2)
    throw node.fail("expected a window of 1 or 2 axes");
  const attributes = windowOf(node);
  const pair = (kernel.length === 1 ? [1, kernel[0]!] : kernel) as [number, number];
  return (x) => {
    if (x.dims.length !== kernel.length + 2)
      throw node.fail(`expected ${kernel.length + 2} axes; received ${x.dims.length}`);
    return geometry(spatialSizes(node, x.dims), pair, attributes);
  };
}

/** Pads (or crops) so that exactly the windows of the output lie inside, those of `ceil_mode` included. */
function padFully(x: DeviceTensor, g: ConvGeometry, value: number, device: Device) {
  const amounts = ([0, 1] as const).map((i) => {
    const extent = (g.kernel[i] - 1) * g.dilations[i] + 1;
    const windows = Math.floor((g.input[i] + g.pads[i] + g.pads[i + 2]! - extent) / g.strides[i]) + 1;
    const needed = (g.output[i] - 1) * g.strides[i] + extent;
    return [g.pads[i], windows === g.output[i] ? g.pads[i + 2]! : needed - g.input[i] - g.pads[i]] as const;
  });
  const padded = device.pad(x, [[0, 0], ...amounts, [0, 0]], value);
  const inner: ConvGeometry = { ...g, input: [padded.shape[1]!, padded.shape[2]!], pads: [0, 0, 0, 0] };
  return { padded, inner, amounts };
}

function isDense(g: ConvGeometry): boolean {
  return g.dilations.every((n) => n === 1);
}

function sliding(g: ConvGeometry): object {
  return { filterSize: g.kernel, strides: g.strides, pad: "valid" };
}
