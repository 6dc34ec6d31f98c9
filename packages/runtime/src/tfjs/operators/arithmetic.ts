import type { Device, DeviceTensor } from "../device.ts";

type Operand = DeviceTensor | number;

/** Float arithmetic over device tensors, for kernels that are formulas. */
export interface Arithmetic {
  add(a: Operand, b: Operand): DeviceTensor;
  sub(a: Operand, b: Operand): DeviceTensor;
  mul(a: Operand, b: Operand): DeviceTensor;
  div(a: Operand, b: Operand): DeviceTensor;
  max(a: Operand, b: Operand): DeviceTensor;
  min(a: Operand, b: Operand): DeviceTensor;
  /** A kernel of one operand, by its TensorFlow.js name. */
  of(kernel: string, x: DeviceTensor): DeviceTensor;
}

/** Arithmetic on a device; numbers become scalars. */
export function arithmeticOn(device: Device): Arithmetic {
  const tensor = (x: Operand): DeviceTensor => (typeof x === "number" ? device.scalar(x) : x);
  const pair = (kernel: string) => (a: Operand, b: Operand) => device.run(kernel, { a: tensor(a), b: tensor(b) });
  return {
    add: pair("Add"),
    sub: pair("Sub"),
    mul: pair("Multiply"),
    div: pair("RealDiv"),
    max: pair("Maximum"),
    min: pair("Minimum"),
    of: (kernel, x) => device.run(kernel, { x }),
  };
}
