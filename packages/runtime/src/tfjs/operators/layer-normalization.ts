import { channelBand } from "@graft-ml/graph";
import type { Device, DeviceTensor } from "../device.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { form, logical, made, type Order, physical, type Value } from "../value.ts";
import { arithmeticOn } from "./arithmetic.ts";

interface Standardized {
  readonly normal: DeviceTensor;
  readonly mean: DeviceTensor;
  readonly inverse: DeviceTensor;
}

/** (x − mean) / √(var + epsilon) over axes. */
function standardized(x: DeviceTensor, axes: readonly number[], epsilon: number, device: Device): Standardized {
  const m = arithmeticOn(device);
  const mean = device.reduce("Mean", x, axes, true);
  const offset = m.sub(x, mean);
  const inverse = m.of("Rsqrt", m.add(device.reduce("Mean", m.mul(offset, offset), axes, true), epsilon));
  return { normal: m.mul(offset, inverse), mean, inverse };
}

/** `LayerNormalization`, mean and inverse deviation as second and third output. */
export const layerNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const epsilon = node.float("epsilon", 1e-5);
  return (inputs) => {
    const [x, scale, bias] = inputs as readonly [Value, Value, Value | undefined];
    const first = positive(node, x.dims.length);
    const rows = device.reshape(logical(x, device), [-1, elements(x.dims.slice(first))]);
    const { normal, mean, inverse } = standardized(rows, [1], epsilon, device);
    const scaled = m.mul(device.reshape(normal, x.dims), logical(scale, device));
    const y = made(bias === undefined ? scaled : m.add(scaled, logical(bias, device)), x.dtype);
    const dims = x.dims.map((dim, i) => (i < first ? dim : 1));
    const others = [mean, inverse].slice(0, node.node.outputs.length - 1);
    return [y, ...others.map((statistic) => made(device.reshape(statistic, dims), x.dtype))];
  };
};

/** `RMSNormalization`. */
export const rmsNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const epsilon = node.float("epsilon", 1e-5);
  return (inputs) => {
    const [x, scale] = inputs as readonly [Value, Value];
    const rows = device.reshape(logical(x, device), [-1, elements(x.dims.slice(positive(node, x.dims.length)))]);
    const power = device.reduce("Mean", m.mul(rows, rows), [1], true);
    const normal = m.mul(rows, m.of("Rsqrt", m.add(power, epsilon)));
    return made(m.mul(device.reshape(normal, x.dims), logical(scale, device)), x.dtype);
  };
};

/** `InstanceNormalization`: each channel of each picture for itself, channels last. */
export const instanceNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const epsilon = node.float("epsilon", 1e-5);
  return (inputs) => {
    const [x, scale, bias] = inputs as readonly [Value, Value, Value];
    const { tensor, order } = channelsLast(x, device);
    const pixels = device.reshape(tensor, [x.dims[0]!, elements(x.dims.slice(2)), x.dims[1]!]);
    const { normal } = standardized(pixels, [1], epsilon, device);
    const y = m.add(m.mul(normal, logical(scale, device)), logical(bias, device));
    return made(device.reshape(y, tensor.shape), x.dtype, order);
  };
};

/** `GroupNormalization`; scale and bias are per channel from operator set 21 on, per group before. */
export const groupNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const epsilon = node.float("epsilon", 1e-5);
  const groups = node.int("num_groups", 1);
  return (inputs) => {
    const [x, scale, bias] = inputs as readonly [Value, Value, Value];
    const [batch, channels] = x.dims as readonly [number, number];
    const parts = device.reshape(logical(x, device), [batch * groups, elements(x.dims) / (batch * groups)]);
    const { normal } = standardized(parts, [1], epsilon, device);
    const each = device.reshape(normal, [batch, groups, channels / groups, elements(x.dims.slice(2))]);
    const factor = (value: Value) => device.reshape(logical(value, device), [1, groups, value.dims[0]! / groups, 1]);
    return made(device.reshape(m.add(m.mul(each, factor(scale)), factor(bias)), x.dims), x.dtype);
  };
};

/** `MeanVarianceNormalization`. */
export const meanVarianceNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const axes = node.ints("axes") ?? [0, 2, 3];
  return (inputs) => {
    const x = inputs[0]!;
    const order = x.order ?? x.dims.map((_, i) => i);
    const places = axes.map((axis) => order.indexOf(axis < 0 ? axis + x.dims.length : axis)).sort((a, b) => a - b);
    const tensor = physical(x, device);
    const offset = m.sub(tensor, device.reduce("Mean", tensor, places, true));
    const deviation = m.of("Sqrt", device.reduce("Mean", m.mul(offset, offset), places, true));
    return made(m.div(offset, m.add(deviation, 1e-9)), x.dtype, x.order);
  };
};

/** `LpNormalization`; a row of zeros stays one. */
export const lpNormalization: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const linear = node.int("p", 2) === 1;
  return (inputs) => {
    const x = inputs[0]!;
    const order = x.order ?? x.dims.map((_, i) => i);
    const axes = [order.indexOf(positive(node, x.dims.length))];
    const tensor = physical(x, device);
    const sum = device.reduce("Sum", linear ? m.of("Abs", tensor) : m.mul(tensor, tensor), axes, true);
    // The least number that float32 has in full keeps 0 over 0 at 0.
    return made(m.div(tensor, m.max(linear ? sum : m.of("Sqrt", sum), 1.2e-38)), x.dtype, x.order);
  };
};

/** `LRN`: the sum over neighbouring channels is a product with a band of ones. */
export const lrn: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  const size = node.int("size", 1);
  const [alpha, beta] = [node.float("alpha", 1e-4), node.float("beta", 0.75)];
  const bias = node.float("bias", 1);
  return (inputs) => {
    const x = inputs[0]!;
    const channels = x.dims[1]!;
    const { tensor, order } = channelsLast(x, device);
    const rows = device.reshape(tensor, [-1, channels]);
    const band = channelBand(channels, size);
    const ones = device.upload(band.data as Float32Array, band.dims, "float32");
    const near = device.matMul(m.mul(rows, rows), ones, false, false);
    const y = m.mul(rows, device.run("Pow", { a: m.add(m.mul(near, alpha / size), bias), b: device.scalar(-beta) }));
    return made(device.reshape(y, tensor.shape), x.dtype, order);
  };
};

function channelsLast(x: Value, device: Device): { readonly tensor: DeviceTensor; readonly order: Order } {
  const order = [0, ...x.dims.map((_, i) => i).slice(2), 1];
  return { tensor: form(x, order, device), order };
}

function positive(node: NodeReader, rank: number): number {
  const axis = node.int("axis", -1);
  return axis < 0 ? axis + rank : axis;
}

function elements(dims: readonly number[]): number {
  return dims.reduce((n, dim) => n * dim, 1);
}
