import type { NodeReader } from "./kernel.ts";

/** The arithmetic of a two-dimensional window sliding over a picture. */
export interface ConvGeometry {
  /** Height and width of the unpadded input. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right, as ONNX writes them. */
  readonly pads: readonly [number, number, number, number];
}

/** The window's attributes as a node gives them. */
export interface WindowAttributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly autoPad: string;
  readonly ceil?: boolean;
}

/** Reads a node's window; one that slides along a single axis becomes one over a picture of one row. */
export function windowOf(node: NodeReader): WindowAttributes {
  const pair = (name: string) => {
    const given = node.ints(name) ?? [1, 1];
    return given.length === 1 ? [1, given[0]!] : given;
  };
  const pads = node.ints("pads") ?? [0, 0, 0, 0];
  return {
    strides: pair("strides"),
    dilations: pair("dilations"),
    pads: pads.length === 2 ? [0, pads[0]!, 0, pads[1]!] : pads,
    autoPad: node.text("auto_pad", "NOTSET"),
    ceil: node.int("ceil_mode", 0) !== 0,
  };
}

/** The spatial sizes of `[…, …, height, width]`, or of `[…, …, length]` as a picture of one row. */
export function spatialSizes(node: NodeReader, dims: readonly number[]): readonly [number, number] {
  if (dims.length === 3) return [1, dims[2]!];
  if (dims.length !== 4) throw node.fail(`expected 3 or 4 axes; received [${dims.join(", ")}]`);
  return [dims[2]!, dims[3]!];
}

/** Works out pads and output size of a window over an input. */
export function geometry(
  input: readonly [number, number],
  kernel: readonly [number, number],
  window: WindowAttributes,
): ConvGeometry {
  const pads = [0, 0, 0, 0];
  const output = [0, 0];
  for (const i of [0, 1] as const) {
    const stride = window.strides[i]!;
    const extent = (kernel[i] - 1) * window.dilations[i]! + 1;
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER") {
      const total = Math.max(0, (Math.ceil(input[i] / stride) - 1) * stride + extent - input[i]);
      const small = Math.floor(total / 2);
      pads[i] = window.autoPad === "SAME_UPPER" ? small : total - small;
      pads[i + 2] = total - pads[i]!;
    } else if (window.autoPad !== "VALID") {
      pads[i] = window.pads[i]!;
      pads[i + 2] = window.pads[i + 2]!;
    }
    const steps = (input[i] + pads[i]! + pads[i + 2]! - extent) / stride;
    output[i] = (window.ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A last window that would start in the padding is not counted, as in ONNX Runtime and PyTorch.
    if (window.ceil && (output[i]! - 1) * stride >= input[i] + pads[i]!) output[i]! -= 1;
  }
  // A single tap at a single place has no stride: the other axis's makes the two equal, as TensorFlow's gradients want.
  const alone = [0, 1].map((i) => input[i] === 1 && kernel[i] === 1 && output[i] === 1);
  return {
    input,
    output: output as [number, number],
    kernel,
    strides: [0, 1].map((i) => window.strides[alone[i] ? 1 - i : i]!) as [number, number],
    // A single tap has no distance to another.
    dilations: [0, 1].map((i) => (kernel[i] === 1 ? 1 : window.dilations[i]!)) as [number, number],
    pads: pads as [number, number, number, number],
  };
}

/** True for a 1×1 window at every pixel: a matrix product in disguise. */
export function isPointwise(g: ConvGeometry): boolean {
  return [...g.kernel, ...g.strides].every((n) => n === 1) && g.pads.every((n) => n === 0);
}
