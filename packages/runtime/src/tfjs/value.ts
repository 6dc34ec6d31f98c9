import { type DType, fail, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import type { Device, DeviceTensor, DeviceType } from "./device.ts";

/** Physical axis `i` holds logical axis `order[i]`; undefined is row-major as ONNX has it. */
export type Order = readonly number[] | undefined;

/** Pictures as the kernels take them: `[batch, height, width, channels]`. */
export const NHWC: Order = [0, 2, 3, 1];
/** Convolution filters, `[out, in, height, width]` in ONNX, as `[height, width, in, out]`. */
export const HWIO: Order = [2, 3, 1, 0];
/** Depthwise filters, `[channels · multiplier, 1, height, width]` in ONNX, as `[height, width, channels · multiplier, 1]`. */
export const HWC1: Order = [2, 3, 0, 1];

/**
 * A value of the graph on the device. Its memory may be in any order of axes; other orders are made when a kernel asks
 * for them and kept until the value dies, so a weight is transposed once however many nodes read it.
 */
export interface Value {
  readonly dtype: DType;
  /** The shape as ONNX sees it. */
  readonly dims: readonly number[];
  /** The order in which the value was made. */
  readonly order: Order;
  readonly forms: Map<string, DeviceTensor>;
  /** Small integers known on the host: shapes, axes, indices. */
  readonly host?: readonly number[];
}

const HOST_LIMIT = 4096;

/** A value from a kernel's result; the tensor becomes the value's. */
export function made(tensor: DeviceTensor, dtype: DType, permutation?: Order): Value {
  const order = permutation?.every((axis, i) => axis === i) ? undefined : permutation;
  const dims = order === undefined ? tensor.shape : unordered(tensor.shape, order);
  return { dtype, dims, order, forms: new Map([[key(order), tensor]]) };
}

/** A value of integers that stays on the host until a kernel wants it on the device. */
export function hostValue(values: readonly number[], dims: readonly number[], dtype: DType = "int64"): Value {
  return { dtype, dims, order: undefined, forms: new Map(), host: values };
}

/** Brings a tensor to the device; small integers stay on the host. */
export function uploaded(tensor: Tensor, device: Device): Value {
  const numbers = toNumbers(tensor);
  const type = deviceType(tensor.dtype);
  if (type === "int32" && numbers.length <= HOST_LIMIT)
    return hostValue(Array.from(numbers), tensor.dims, tensor.dtype);
  if (type === "int32") checkRange(numbers);
  const data =
    type === "float32"
      ? Float32Array.from(numbers)
      : type === "int32"
        ? Int32Array.from(numbers)
        : Uint8Array.from(numbers);
  return made(keep(device.upload(data, tensor.dims, type)), tensor.dtype);
}

/** The device type that holds an ONNX type. */
export function deviceType(dtype: DType): DeviceType {
  if (dtype === "bool") return "bool";
  return dtype.includes("float") ? "float32" : "int32";
}

/** The tensor in the order in which the value was made. */
export function physical(value: Value, device: Device): DeviceTensor {
  return form(value, value.order, device);
}

/** The tensor in row-major order. */
export function logical(value: Value, device: Device): DeviceTensor {
  return form(value, undefined, device);
}

/** The tensor in an order of axes, made once. */
export function form(value: Value, order: Order, device: Device): DeviceTensor {
  const wanted = key(order);
  const present = value.forms.get(wanted);
  if (present !== undefined) return present;
  if (value.host !== undefined && value.forms.size === 0) {
    checkRange(value.host);
    const data = value.dtype === "bool" ? Uint8Array.from(value.host) : Int32Array.from(value.host);
    value.forms.set("", keep(device.upload(data, value.dims, deviceType(value.dtype))));
    return form(value, order, device);
  }
  const [from, source] = value.forms.entries().next().value as [string, DeviceTensor];
  const tensor = keep(
    reorder(source, from === "" ? undefined : from.split(",").map(Number), order, value.dims, device),
  );
  value.forms.set(wanted, tensor);
  return tensor;
}

/** The tensor as an operand of a higher rank: leading axes of size 1 are added, then the order is applied. */
export function operand(value: Value, rank: number, order: Order, device: Device): DeviceTensor {
  if (value.dims.length === rank) return form(value, order, device);
  if (sizeOf(value.dims) === 1 && value.dims.length < rank) return physical(value, device);
  const name = `${rank}|${key(order)}`;
  const present = value.forms.get(name);
  if (present !== undefined) return present;
  const dims = [...new Array(rank - value.dims.length).fill(1), ...value.dims];
  const widened = device.reshape(logical(value, device), dims);
  const tensor = keep(reorder(widened, undefined, order, dims, device));
  value.forms.set(name, tensor);
  return tensor;
}

/** The values as small integers on the host. */
export function hostInts(value: Value, device: Device): readonly number[] {
  return value.host ?? Array.from(device.readSync(logical(value, device)));
}

/** The same elements in another shape, row-major. */
export function reshaped(value: Value, dims: readonly number[], device: Device): Value {
  if (value.host !== undefined) return hostValue(value.host, dims, value.dtype);
  return made(device.reshape(logical(value, device), dims), value.dtype);
}

/** The same value under a new owner, sharing memory. */
export function shared(value: Value, device: Device, dtype: DType = value.dtype): Value {
  if (value.host !== undefined) return hostValue(value.host, value.dims, dtype);
  return made(device.alias(physical(value, device)), dtype, value.order);
}

/** Frees what the value holds. */
export function dispose(value: Value): void {
  for (const tensor of value.forms.values()) tensor.dispose();
  value.forms.clear();
}

/** Dimensions in physical order. */
export function ordered(dims: readonly number[], order: Order): readonly number[] {
  return order === undefined ? dims : order.map((axis) => dims[axis]!);
}

/** The physical axis of a logical one; negative counts from the end. */
export function physicalAxis(axis: number, value: Value): number {
  const positive = axis < 0 ? axis + value.dims.length : axis;
  return value.order === undefined ? positive : value.order.indexOf(positive);
}

function unordered(shape: readonly number[], order: readonly number[]): number[] {
  const dims: number[] = [];
  order.forEach((axis, i) => {
    dims[axis] = shape[i]!;
  });
  return dims;
}

function reorder(tensor: DeviceTensor, from: Order, to: Order, dims: readonly number[], device: Device): DeviceTensor {
  const source = from ?? dims.map((_, i) => i);
  const target = to ?? dims.map((_, i) => i);
  const moving = (axis: number) => dims[axis] !== 1;
  const still = source.filter(moving).join() === target.filter(moving).join();
  if (still) return device.reshape(tensor, ordered(dims, target));
  return device.transpose(
    tensor,
    target.map((axis) => source.indexOf(axis)),
  );
}

function key(order: Order): string {
  return order === undefined ? "" : order.join();
}

/** Keeps a tensor beyond the scope in which a kernel made it. */
function keep(tensor: DeviceTensor): DeviceTensor {
  tensor.kept = true;
  return tensor;
}

function checkRange(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) > 0x7fffffff) {
      throw fail("runtime/tfjs", `expected integers of 32 bits; received ${values[i]}. Use the onnxruntime engine`);
    }
  }
}
