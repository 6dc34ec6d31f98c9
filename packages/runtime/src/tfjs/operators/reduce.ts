import { sizeOf } from "@graft-ml/core";
import { arrayOf, type Device, type DeviceTensor, type DeviceType } from "../device.ts";
import { type Kernel, nodeReader } from "../kernel.ts";
import { form, hostInts, made, type Order, physical, shared, type Value } from "../value.ts";
import { type Arithmetic, arithmeticOn } from "./arithmetic.ts";

/** `ReduceSum`, `ReduceMean`, `ReduceMax`, …: axes as an attribute or, in later opsets, as an input. */
export function reduce(kernel: "Sum" | "Mean" | "Max" | "Min" | "Prod"): Kernel {
  return (node, device) => {
    const attribute = node.ints("axes");
    const keepDims = node.int("keepdims", 1) !== 0;
    const noop = node.int("noop_with_empty_axes", 0) !== 0;
    return (inputs) => {
      const x = inputs[0] as Value;
      const rank = x.dims.length;
      const given = inputs[1] === undefined ? attribute : hostInts(inputs[1], device);
      const empty = given === undefined || given.length === 0;
      if ((empty && noop) || rank === 0) return shared(x, device);
      const axes = empty ? x.dims.map((_, i) => i) : given.map((axis) => (axis < 0 ? axis + rank : axis));
      const order = x.order ?? x.dims.map((_, i) => i);
      const places = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
      const own = physical(x, device);
      // Extremes of truths are those of their numbers; the backends have them for numbers only.
      const tensor = own.dtype === "bool" ? device.run("Cast", { x: own }, { dtype: "int32" }) : own;
      const result = tensor.shape.includes(0)
        ? nothingReduced(kernel, tensor, places, keepDims, own.dtype === "bool", device)
        : kernel === "Sum" || kernel === "Mean"
          ? device.reduce(kernel, tensor, places, keepDims)
          : device.run(
              kernel,
              { x: tensor },
              kernel === "Prod" ? { axis: places, keepDims } : { reductionIndices: places, axis: places, keepDims },
            );
      const typed = own.dtype === "bool" ? device.run("Cast", { x: result }, { dtype: "bool" }) : result;
      return made(typed, x.dtype, keepDims ? x.order : remaining(order, axes));
    };
  };
}

/** What a reduction makes of no elements, for which the backends leave whatever lies in memory. */
function nothingReduced(
  kernel: "Sum" | "Mean" | "Max" | "Min" | "Prod",
  x: DeviceTensor,
  axes: readonly number[],
  keepDims: boolean,
  truths: boolean,
  device: Device,
): DeviceTensor {
  const dims = x.shape.flatMap((dim, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [dim]));
  const dtype = x.dtype as DeviceType;
  const [low, high] = truths ? [0, 1] : dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [-Infinity, Infinity];
  const value = { Sum: 0, Prod: 1, Mean: Number.NaN, Max: low, Min: high }[kernel];
  return device.upload(arrayOf(dtype, new Array<number>(sizeOf(dims)).fill(value)), dims, dtype);
}

/** The order of what is left when axes are dropped. */
function remaining(order: readonly number[], axes: readonly number[]): Order {
  return order
    .filter((axis) => !axes.includes(axis))
    .map((axis) => axis - axes.filter((dropped) => dropped < axis).length);
}

/** `GlobalAveragePool`: the mean over everything behind the channels, kept as axes of size 1. */
export const globalAveragePool: Kernel = (_, device) => (inputs) => {
  const x = inputs[0]!;
  const order = x.order ?? x.dims.map((_, i) => i);
  const places = x.dims
    .map((_, i) => order.indexOf(i))
    .slice(2)
    .sort((a, b) => a - b);
  return made(device.reduce("Mean", physical(x, device), places, true), x.dtype, x.order);
};

type Map = (x: DeviceTensor, m: Arithmetic) => DeviceTensor;

/** A sum over axes of a function of the elements, and a function of that: `ReduceL1`, `ReduceL2`, … */
export function reduceOf(before: Map, after: Map): Kernel {
  return (node, device) => {
    const sum = reduce("Sum")(node, device);
    const m = arithmeticOn(device);
    return (inputs) => {
      const x = inputs[0] as Value;
      const total = sum([made(before(physical(x, device), m), x.dtype, x.order), inputs[1]]) as Value;
      return made(after(physical(total, device), m), x.dtype, total.order);
    };
  };
}

/** `ReduceLogSumExp`, shifted by the largest element. */
export const reduceLogSumExp: Kernel = (node, device) => {
  const attributes = { ...node.node.attributes, keepdims: { type: "int", value: 1 } as const };
  const keeping = nodeReader({ ...node.node, attributes }, node.opset);
  const [peak, sum] = [reduce("Max")(keeping, device), reduce("Sum")(node, device)];
  const drop = reduce("Max")(node, device);
  const m = arithmeticOn(device);
  return (inputs) => {
    const x = inputs[0] as Value;
    const high = form(peak(inputs) as Value, x.order, device);
    const shifted = m.of("Exp", m.sub(physical(x, device), high));
    const total = sum([made(shifted, x.dtype, x.order), inputs[1]]) as Value;
    const top = form(drop(inputs) as Value, total.order, device);
    return made(m.add(m.of("Log", physical(total, device)), top), x.dtype, total.order);
  };
};
