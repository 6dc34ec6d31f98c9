import { type DType, sizeOf } from "@graft-ml/core";
import { QUANTIZED_RANGE } from "@graft-ml/graph";
import type { Device, DeviceTensor } from "../device.ts";
import { dtypeOfCode, type Kernel, type NodeReader } from "../kernel.ts";
import { logical, made, type Value } from "../value.ts";
import { arithmeticOn } from "./arithmetic.ts";

/** Products of 255 · 255 that sum up without rounding in float32. */
const EXACT = 256;

/** `QuantizeLinear`, of the whole value or along an axis. */
export const quantizeLinear: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  if (node.int("block_size", 0) !== 0) throw node.fail("blocks are not supported by this engine");
  return (inputs) => {
    const [x, scale, zero] = inputs as readonly [Value, Value, Value | undefined];
    const dtype = zero?.dtype ?? dtypeOfCode(node.int("output_dtype", 0)) ?? "uint8";
    const spread = (parameter: Value): DeviceTensor => {
      const tensor = floating(parameter, device);
      if (sizeOf(parameter.dims) === 1) return device.reshape(tensor, []);
      const axis = node.int("axis", 1);
      const place = axis < 0 ? axis + x.dims.length : axis;
      return device.reshape(
        tensor,
        x.dims.map((_, i) => (i === place ? sizeOf(parameter.dims) : 1)),
      );
    };
    const steps = m.of("Round", m.div(logical(x, device), spread(scale)));
    const y = zero === undefined ? steps : m.add(steps, spread(zero));
    return made(cutOff(y, dtype, node, device), dtype);
  };
};

/** `DynamicQuantizeLinear`: zero is always one of the numbers that can be told exactly. */
export const dynamicQuantizeLinear: Kernel = (node, device) => {
  const m = arithmeticOn(device);
  return (inputs) => {
    const x = logical(inputs[0]!, device);
    const axes = x.shape.map((_, i) => i);
    const extreme = (kernel: string): DeviceTensor =>
      axes.length === 0 ? x : device.run(kernel, { x }, { reductionIndices: axes, keepDims: false });
    const [low, high] = [m.min(extreme("Min"), 0), m.max(extreme("Max"), 0)];
    const span = m.sub(high, low);
    const flat = device.run("Equal", { a: span, b: device.scalar(0) });
    const scale = device.select(flat, device.scalar(1), m.div(span, 255));
    const zero = m.of("Round", m.max(m.min(m.div(m.sub(0, low), scale), 255), 0));
    const y = m.add(m.of("Round", m.div(x, scale)), zero);
    const whole = (tensor: DeviceTensor): Value => made(cutOff(tensor, "uint8", node, device), "uint8");
    return [whole(y), made(scale, "float32"), whole(zero)];
  };
};

/** `MatMulInteger`, exact: long sums are taken in parts that float32 holds, and added as integers. */
export const matMulInteger: Kernel = (_, device) => {
  const m = arithmeticOn(device);
  return (inputs) => {
    const [a, b, zeroA, zeroB] = inputs as readonly [Value, Value, Value | undefined, Value | undefined];
    const shifted = (x: Value, zero: Value | undefined, rows: boolean): DeviceTensor => {
      const number = floating(x, device);
      if (zero === undefined) return number;
      const each = floating(zero, device);
      if (sizeOf(zero.dims) === 1) return m.sub(number, device.reshape(each, []));
      return m.sub(number, rows && zero.dims.length === 1 ? device.reshape(each, [zero.dims[0]!, 1]) : each);
    };
    let [left, right] = [shifted(a, zeroA, true), shifted(b, zeroB, false)];
    const [vectorA, vectorB] = [left.rank === 1, right.rank === 1];
    if (vectorA) left = device.reshape(left, [1, left.shape[0]!]);
    if (vectorB) right = device.reshape(right, [right.shape[0]!, 1]);
    const count = left.shape.at(-1)!;
    const part = (x: DeviceTensor, axis: number, begin: number): DeviceTensor => {
      const from = x.shape.map((_, i) => (i === axis ? begin : 0));
      const size = x.shape.map((dim, i) => (i === axis ? Math.min(EXACT, count - begin) : dim));
      return device.slice(x, from, size);
    };
    let sum: DeviceTensor | undefined;
    for (let begin = 0; begin < count || sum === undefined; begin += EXACT) {
      const parts = [part(left, left.rank - 1, begin), part(right, right.rank - 2, begin)] as const;
      const product = device.run("Cast", { x: device.matMul(...parts, false, false) }, { dtype: "int32" });
      sum = sum === undefined ? product : device.run("Add", { a: sum, b: product });
    }
    const dims = [...sum.shape];
    if (vectorB) dims.pop();
    if (vectorA) dims.splice(vectorB ? -1 : -2, 1);
    return made(device.reshape(sum, dims), "int32");
  };
};

function floating(value: Value, device: Device): DeviceTensor {
  const tensor = logical(value, device);
  return tensor.dtype === "float32" ? tensor : device.run("Cast", { x: tensor }, { dtype: "float32" });
}

function cutOff(x: DeviceTensor, dtype: DType, node: NodeReader, device: Device): DeviceTensor {
  const range = QUANTIZED_RANGE[dtype];
  if (range === undefined) throw node.fail(`cannot quantise to ${dtype}`);
  const m = arithmeticOn(device);
  return device.run("Cast", { x: m.max(m.min(x, range[1]), range[0]) }, { dtype: "int32" });
}
