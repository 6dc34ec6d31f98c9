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
  return {
    input,
    output: output as [number, number],
    kernel,
    strides: window.strides as [number, number],
    // A single tap has no distance to another.
    dilations: [0, 1].map((i) => (kernel[i] === 1 ? 1 : window.dilations[i]!)) as [number, number],
    pads: pads as [number, number, number, number],
  };
}

/** True for a 1×1 window at every pixel: a matrix product in disguise. */
export function isPointwise(g: ConvGeometry): boolean {
  return [...g.kernel, ...g.strides].every((n) => n === 1) && g.pads.every((n) => n === 0);
}
