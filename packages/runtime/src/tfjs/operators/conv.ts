import type { Device, DeviceTensor } from "../device.ts";
import { type ConvGeometry, geometry, spatialSizes, windowOf } from "../geometry.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { form, logical, made, type Value } from "../value.ts";
import { depthwiseFilter, filterOf, filterValue, picture, pictureValue } from "./picture.ts";

/** `Conv` over pictures or signals: plain, depthwise, or in groups. */
export const conv: Kernel = (node, device) => {
  const window = convWindow(node);
  return (inputs) => {
    const [x, w, bias] = inputs as readonly [Value, Value, Value | undefined];
    const rank = x.dims.length;
    const groups = grouping(node, x.dims[1]!, w.dims);
    const g = window(x.dims, w.dims);
    const pixels = picture(x, device);
    const offset = bias === undefined ? undefined : logical(bias, device);
    if (groups === "depthwise") {
      const y = device.depthwise(pixels, depthwiseFilter(w, x.dims[1]!, device), offset, g);
      return pictureValue(y, x.dtype, rank, device);
    }
    const filter = filterOf(w, device);
    if (groups === 1) return pictureValue(device.conv(pixels, filter, offset, g), x.dtype, rank, device);
    const parts = apart(pixels, groups, device);
    const filters = apart(filter, groups, device);
    const joined = device.concat(
      parts.map((part, i) => device.conv(part, filters[i]!, undefined, g)),
      3,
    );
    const y = offset === undefined ? joined : device.biasAdd(joined, offset);
    return pictureValue(y, x.dtype, rank, device);
  };
};

/** `ConvGradInput(dy, w)`: what the loss loses by each pixel that a `Conv` read. */
export const convGradInput: Kernel = (node, device) => {
  const window = convWindow(node);
  const shape = gradientShape(node);
  return (inputs) => {
    const [dy, w] = inputs as readonly [Value, Value];
    const dx = inputGradientOf(picture(dy, device), w, shape[1]!, window(shape, w.dims), node, device);
    return pictureValue(dx, dy.dtype, shape.length, device);
  };
};

/** The gradient by the input of a convolution in `[batch, height, width, channels]`, from the output's. */
export function inputGradientOf(
  dy: DeviceTensor,
  w: Value,
  channels: number,
  g: ConvGeometry,
  node: NodeReader,
  device: Device,
): DeviceTensor {
  const groups = grouping(node, channels, w.dims);
  if (groups === "depthwise") return device.depthwiseGradInput(dy, depthwiseFilter(w, channels, device), g);
  const filter = filterOf(w, device);
  if (groups === 1) return device.convGradInput(dy, filter, g);
  const filters = apart(filter, groups, device);
  const parts = apart(dy, groups, device).map((part, i) => device.convGradInput(part, filters[i]!, g));
  return device.concat(parts, 3);
}

/** `ConvGradFilter(x, dy)`: what the loss loses by each weight of a `Conv`. */
export const convGradFilter: Kernel = (node, device) => {
  const window = convWindow(node);
  const shape = gradientShape(node);
  return (inputs) => {
    const [x, dy] = inputs as readonly [Value, Value];
    const groups = grouping(node, x.dims[1]!, shape);
    const g = window(x.dims, shape);
    const [pixels, gradient] = [picture(x, device), picture(dy, device)];
    if (groups === "depthwise") {
      const filter = device.depthwiseGradFilter(pixels, gradient, g);
      return filterValue(device.reshape(filter, [...g.kernel, shape[0]!, 1]), "depthwise", x.dtype);
    }
    if (groups === 1) return filterValue(device.convGradFilter(pixels, gradient, g), "plain", x.dtype);
    const parts = apart(pixels, groups, device);
    const gradients = apart(gradient, groups, device);
    const joined = device.concat(
      parts.map((part, i) => device.convGradFilter(part, gradients[i]!, g)),
      3,
    );
    return filterValue(joined, "plain", x.dtype);
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
  const groups = node.int("group", 1);
  if (groups * filter[1]! !== channels) {
    throw node.fail(`expected ${groups * filter[1]!} input channels; received ${channels}`);
  }
  return groups > 1 && groups === channels ? "depthwise" : groups;
}

/** Reads the window once and works out each picture size once. */
function convWindow(node: NodeReader): (input: readonly number[], kernel: readonly number[]) => ConvGeometry {
  const attributes = windowOf(node);
  const known = new Map<string, ConvGeometry>();
  return (input, kernel) => {
    const key = `${input.slice(2).join()}/${kernel.slice(2).join()}`;
    let g = known.get(key);
    if (g === undefined) {
      g = geometry(spatialSizes(node, input), spatialSizes(node, kernel), attributes);
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

/** Cuts the last axis into equal groups. */
function apart(x: DeviceTensor, groups: number, device: Device): DeviceTensor[] {
  const size = [...x.shape.slice(0, -1), x.shape.at(-1)! / groups];
  return Array.from({ length: groups }, (_, i) =>
    device.slice(x, [...size.slice(0, -1).map(() => 0), i * size.at(-1)!], size),
  );
}
