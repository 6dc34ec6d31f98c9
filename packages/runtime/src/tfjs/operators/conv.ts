import type { Device, DeviceTensor } from "../device.ts";
import { type ConvGeometry, geometry } from "../geometry.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { form, HWC1, HWIO, logical, made, NHWC, type Value } from "../value.ts";

/** `Conv` over pictures: plain, depthwise, or in groups. */
export const conv: Kernel = (node, device) => {
  const window = convWindow(node);
  return (inputs) => {
    const [x, w, bias] = inputs as readonly [Value, Value, Value | undefined];
    const groups = grouping(node, x.dims[1]!, w.dims);
    const g = window(x.dims.slice(2), w.dims.slice(2));
    const pixels = form(x, NHWC, device);
    const offset = bias === undefined ? undefined : logical(bias, device);
    if (groups === "depthwise")
      return made(device.depthwise(pixels, depthwiseFilter(w, x.dims[1]!, device), offset, g), x.dtype, NHWC);
    const filter = form(w, HWIO, device);
    if (groups === 1) return made(device.conv(pixels, filter, offset, g), x.dtype, NHWC);
    const parts = apart(pixels, groups, device);
    const filters = apart(filter, groups, device);
    const joined = device.concat(
      parts.map((part, i) => device.conv(part, filters[i]!, undefined, g)),
      3,
    );
    return made(offset === undefined ? joined : device.biasAdd(joined, offset), x.dtype, NHWC);
  };
};

/** `ConvGradInput(dy, w)`: what the loss loses by each pixel that a `Conv` read. */
export const convGradInput: Kernel = (node, device) => {
  const window = convWindow(node);
  const shape = gradientShape(node);
  return (inputs) => {
    const [dy, w] = inputs as readonly [Value, Value];
    const channels = shape[1]!;
    const groups = grouping(node, channels, w.dims);
    const g = window(shape.slice(2), w.dims.slice(2));
    const gradient = form(dy, NHWC, device);
    if (groups === "depthwise")
      return made(device.depthwiseGradInput(gradient, depthwiseFilter(w, channels, device), g), dy.dtype, NHWC);
    const filter = form(w, HWIO, device);
    if (groups === 1) return made(device.convGradInput(gradient, filter, g), dy.dtype, NHWC);
    const filters = apart(filter, groups, device);
    const parts = apart(gradient, groups, device).map((part, i) => device.convGradInput(part, filters[i]!, g));
    return made(device.concat(parts, 3), dy.dtype, NHWC);
  };
};

/** `ConvGradFilter(x, dy)`: what the loss loses by each weight of a `Conv`. */
export const convGradFilter: Kernel = (node, device) => {
  const window = convWindow(node);
  const shape = gradientShape(node);
  return (inputs) => {
    const [x, dy] = inputs as readonly [Value, Value];
    const groups = grouping(node, x.dims[1]!, shape);
    const g = window(x.dims.slice(2), shape.slice(2));
    const [pixels, gradient] = [form(x, NHWC, device), form(dy, NHWC, device)];
    if (groups === "depthwise") {
      const filter = device.depthwiseGradFilter(pixels, gradient, g);
      return made(device.reshape(filter, [...g.kernel, shape[0]!, 1]), x.dtype, HWC1);
    }
    if (groups === 1) return made(device.convGradFilter(pixels, gradient, g), x.dtype, HWIO);
    const parts = apart(pixels, groups, device);
    const gradients = apart(gradient, groups, device);
    return made(
      device.concat(
        parts.map((part, i) => device.convGradFilter(part, gradients[i]!, g)),
        3,
      ),
      x.dtype,
      HWIO,
    );
  };
};

/** `ClipGrad(dy, y)`: passes `dy` where the clipped `y` lies strictly inside the bounds. */
export const clipGrad: Kernel = (node, device) => {
  const [min, max] = [node.float("min", Number.NEGATIVE_INFINITY), node.float("max", Number.POSITIVE_INFINITY)];
  return (inputs) => {
    const [dy, y] = inputs as readonly [Value, Value];
    // `y` is what the forward pass left behind, so its order is the kernels' own.
    const order = y.order ?? dy.order;
    return made(device.clipGrad(form(dy, order, device), form(y, order, device), min, max), dy.dtype, order);
  };
};

function grouping(node: NodeReader, channels: number, filter: readonly number[]): number | "depthwise" {
  if (filter.length !== 4) throw node.fail(`expected a filter of 4 axes; received ${filter.length}`);
  const groups = node.int("group", 1);
  if (groups * filter[1]! !== channels) {
    throw node.fail(`expected ${groups * filter[1]!} input channels; received ${channels}`);
  }
  return groups > 1 && groups === channels ? "depthwise" : groups;
}

/** Reads the window once and works out each picture size once. */
function convWindow(node: NodeReader): (input: readonly number[], kernel: readonly number[]) => ConvGeometry {
  const attributes = {
    strides: node.ints("strides") ?? [1, 1],
    dilations: node.ints("dilations") ?? [1, 1],
    pads: node.ints("pads") ?? [0, 0, 0, 0],
    autoPad: node.text("auto_pad", "NOTSET"),
  };
  const known = new Map<string, ConvGeometry>();
  return (input, kernel) => {
    const key = `${input.join()}/${kernel.join()}`;
    let g = known.get(key);
    if (g === undefined) {
      g = geometry(input as [number, number], kernel as [number, number], attributes);
      known.set(key, g);
    }
    return g;
  };
}

function gradientShape(node: NodeReader): readonly number[] {
  const shape = node.ints("shape");
  if (shape?.length !== 4) throw node.fail("expected an attribute shape of 4 numbers");
  return shape;
}

function depthwiseFilter(w: Value, channels: number, device: Device): DeviceTensor {
  const filter = form(w, HWC1, device);
  const multiplier = w.dims[0]! / channels;
  return multiplier === 1 ? filter : device.reshape(filter, [...filter.shape.slice(0, 2), channels, multiplier]);
}

/** Cuts the last axis into equal groups. */
function apart(x: DeviceTensor, groups: number, device: Device): DeviceTensor[] {
  const size = [...x.shape.slice(0, -1), x.shape.at(-1)! / groups];
  return Array.from({ length: groups }, (_, i) =>
    device.slice(x, [...size.slice(0, -1).map(() => 0), i * size.at(-1)!], size),
  );
}
