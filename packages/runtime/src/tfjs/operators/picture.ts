import type { DType } from "@graft-ml/core";
import type { Device, DeviceTensor } from "../device.ts";
import { form, HWC1, HWIO, made, NHWC, type Order, type Value } from "../value.ts";

/** Signals, `[batch, channels, length]` in ONNX, as `[batch, length, channels]`. */
const NWC: Order = [0, 2, 1];
/** Filters of signals, `[out, in, length]` in ONNX, as `[length, in, out]`. */
const WIO: Order = [2, 1, 0];
/** Depthwise filters of signals, `[channels · multiplier, 1, length]` in ONNX, as `[length, channels · multiplier, 1]`. */
const WC1: Order = [2, 0, 1];

/** The value as `[batch, height, width, channels]`; a signal is a picture of one row. */
export function picture(x: Value, device: Device): DeviceTensor {
  if (x.dims.length === 4) return form(x, NHWC, device);
  const signal = form(x, NWC, device);
  return device.reshape(signal, [signal.shape[0]!, 1, signal.shape[1]!, signal.shape[2]!]);
}

/** A kernel's picture as a value of the rank that came in. */
export function pictureValue(y: DeviceTensor, dtype: DType, rank: number, device: Device): Value {
  if (rank === 4) return made(y, dtype, NHWC);
  return made(device.reshape(y, [y.shape[0]!, y.shape[2]!, y.shape[3]!]), dtype, NWC);
}

/** The filter as `[height, width, in, out]`. */
export function filterOf(w: Value, device: Device): DeviceTensor {
  return w.dims.length === 4 ? form(w, HWIO, device) : oneRow(form(w, WIO, device), device);
}

/** The filter as `[height, width, channels, multiplier]`. */
export function depthwiseFilter(w: Value, channels: number, device: Device): DeviceTensor {
  const filter = w.dims.length === 4 ? form(w, HWC1, device) : oneRow(form(w, WC1, device), device);
  const multiplier = w.dims[0]! / channels;
  return multiplier === 1 ? filter : device.reshape(filter, [...filter.shape.slice(0, 2), channels, multiplier]);
}

/** A filter that a kernel made, as a value. */
export function filterValue(filter: DeviceTensor, kind: "plain" | "depthwise", dtype: DType): Value {
  return made(filter, dtype, kind === "plain" ? HWIO : HWC1);
}

function oneRow(filter: DeviceTensor, device: Device): DeviceTensor {
  return device.reshape(filter, [1, ...filter.shape]);
}
