import type { Device, DeviceTensor } from "../device.ts";
import { type ConvGeometry, geometry } from "../geometry.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { form, made, NHWC, type Value } from "../value.ts";

/** `MaxPool` over pictures. */
export const maxPool: Kernel = (node, device) => {
  if (node.node.outputs.length > 1) throw node.fail("the output of indices is not supported");
  const window = poolWindow(node);
  return (inputs) => {
    const x = inputs[0]!;
    const g = window(x);
    const padded = padFully(form(x, NHWC, device), g, -3.4e38, device);
    return made(slide("MaxPool", padded, g, device), x.dtype, NHWC);
  };
};

/** `AveragePool` over pictures; padding counts only where `count_include_pad` says so. */
export const averagePool: Kernel = (node, device) => {
  const window = poolWindow(node);
  const countPads = node.int("count_include_pad", 0) !== 0;
  return (inputs) => {
    const x = inputs[0]!;
    const g = window(x);
    const means = slide("AvgPool", padFully(form(x, NHWC, device), g, 0, device), g, device);
    const factors = shares(g, countPads);
    if (factors.every((factor) => factor === 1)) return made(means, x.dtype, NHWC);
    const b = device.upload(factors, [1, ...g.output, 1], "float32");
    return made(device.run("Multiply", { a: means, b }), x.dtype, NHWC);
  };
};

function poolWindow(node: NodeReader): (x: Value) => ConvGeometry {
  const kernel = node.ints("kernel_shape");
  if (kernel?.length !== 2) throw node.fail("expected a window of 2 axes");
  const attributes = {
    strides: node.ints("strides") ?? [1, 1],
    dilations: node.ints("dilations") ?? [1, 1],
    pads: node.ints("pads") ?? [0, 0, 0, 0],
    autoPad: node.text("auto_pad", "NOTSET"),
    ceil: node.int("ceil_mode", 0) !== 0,
  };
  if (attributes.dilations.some((dilation) => dilation !== 1)) throw node.fail("dilations are not supported");
  return (x) => {
    if (x.dims.length !== 4) throw node.fail(`expected 4 axes; received ${x.dims.length}`);
    return geometry(x.dims.slice(2) as [number, number], kernel as [number, number], attributes);
  };
}

/** Pads so that every window lies inside, those of `ceil_mode` included. */
function padFully(x: DeviceTensor, g: ConvGeometry, value: number, device: Device): DeviceTensor {
  const amounts = ([0, 1] as const).map((i) => {
    const needed = (g.output[i] - 1) * g.strides[i] + g.kernel[i];
    return [g.pads[i], Math.max(g.pads[i + 2]!, needed - g.input[i] - g.pads[i])] as const;
  });
  return device.pad(x, [[0, 0], ...amounts, [0, 0]], value);
}

function slide(kernel: string, x: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  const y = device.run(kernel, { x }, { filterSize: g.kernel, strides: g.strides, pad: "valid" });
  const [batch, height, width, channels] = y.shape as [number, number, number, number];
  if (height === g.output[0] && width === g.output[1]) return y;
  return device.slice(y, [0, 0, 0, 0], [batch, ...g.output, channels]);
}

/** For each window the share by which a mean over the whole window must grow. */
function shares(g: ConvGeometry, countPads: boolean): Float32Array {
  const counts = ([0, 1] as const).map((i) =>
    Array.from({ length: g.output[i] }, (_, k) => {
      const from = k * g.strides[i] - g.pads[i];
      const to = Math.min(from + g.kernel[i], g.input[i] + (countPads ? g.pads[i + 2]! : 0));
      return to - (countPads ? from : Math.max(0, from));
    }),
  ) as [number[], number[]];
  return Float32Array.from(
    counts[0].flatMap((rows) => counts[1].map((columns) => (g.kernel[0] * g.kernel[1]) / (rows * columns))),
  );
}
