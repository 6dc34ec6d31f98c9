import type { Device, DeviceTensor } from "./device.ts";
import { type ConvGeometry, isPointwise } from "./geometry.ts";
import { stuff } from "./stuff.ts";

/**
 * A convolution's input gradient is the convolution of the output gradient, stuffed with zeros where the stride left
 * pixels out, with the filter reversed and its channels exchanged (Dumoulin & Visin 2016, relationship 14).
 */
export function inputGradient(dy: DeviceTensor, filter: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  const { x, reversed, window } = turned(dy, filter, g, device);
  return device.conv(x, device.transpose(reversed, [0, 1, 3, 2]), undefined, window);
}

/** The same for a depthwise convolution, whose channels stay apart. */
export function depthwiseInputGradient(
  dy: DeviceTensor,
  filter: DeviceTensor,
  g: ConvGeometry,
  device: Device,
): DeviceTensor {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  const single = device.reshape(filter, [height, width, channels * multiplier, 1]);
  const { x, reversed, window } = turned(dy, single, g, device);
  const dx = device.depthwise(x, reversed, undefined, window);
  if (multiplier === 1) return dx;
  const sum = device.reduce("Sum", device.reshape(dx, [-1, multiplier]), [1], false);
  return device.reshape(sum, [dy.shape[0]!, ...g.input, channels]);
}

function turned(dy: DeviceTensor, filter: DeviceTensor, g: ConvGeometry, device: Device) {
  const stuffed = stuff(stuff(dy, 1, g.strides[0], device), 2, g.strides[1], device);
  const [rows, columns] = ([0, 1] as const).map((i) => {
    const before = (g.kernel[i] - 1) * g.dilations[i] - g.pads[i];
    return [before, g.input[i] - stuffed.shape[i + 1]! + g.pads[i]] as const;
  }) as [readonly [number, number], readonly [number, number]];
  const cropped = [...rows, ...columns].some((n) => n < 0);
  const x = cropped ? device.pad(stuffed, [[0, 0], rows, columns, [0, 0]]) : stuffed;
  const window: ConvGeometry = {
    ...g,
    input: [x.shape[1]!, x.shape[2]!],
    output: g.input,
    strides: [1, 1],
    pads: cropped ? [0, 0, 0, 0] : [rows[0], columns[0], rows[1], columns[1]],
  };
  return { x, reversed: device.run("Reverse", { x: filter }, { dims: [0, 1] }), window };
}

/** A filter's gradient, one tap at a time: the output gradient transposed times the pixels that the tap saw. */
export function filterGradient(x: DeviceTensor, dy: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  const [channels, outputs] = [x.shape[3]!, dy.shape[3]!];
  if (isPointwise(g) && outputs < channels) {
    // The right factor is repacked by the kernel: better the narrow one.
    const pixels = device.transpose(device.reshape(x, [-1, channels]), [1, 0]);
    const product = device.matMul(pixels, device.reshape(dy, [-1, outputs]), false, false);
    return device.reshape(product, [1, 1, channels, outputs]);
  }
  const transposed = device.transpose(device.reshape(dy, [-1, outputs]), [1, 0]);
  const products = taps(x, g, device).map((tap) =>
    device.reshape(device.matMul(transposed, device.reshape(tap, [-1, channels]), false, false), [
      1,
      outputs,
      channels,
    ]),
  );
  return device.reshape(device.transpose(stacked(products, device), [0, 2, 1]), [...g.kernel, channels, outputs]);
}

/** A depthwise filter's gradient, one tap at a time: a product pixel by pixel, added up. */
export function depthwiseFilterGradient(
  x: DeviceTensor,
  dy: DeviceTensor,
  g: ConvGeometry,
  device: Device,
): DeviceTensor {
  const [channels, outputs] = [x.shape[3]!, dy.shape[3]!];
  const multiplier = outputs / channels;
  const wide = multiplier === 1 ? x : repeated(x, multiplier, device);
  const sums = taps(wide, g, device).map((tap) => {
    const both = device.run("Multiply", { a: tap, b: dy });
    return device.reduce("Sum", both, [0, 1, 2], false);
  });
  const rows = sums.map((sum) => device.reshape(sum, [1, outputs]));
  return device.reshape(stacked(rows, device), [...g.kernel, channels, multiplier]);
}

/** For each tap of the window the pixels it sees, `[batch, output height, output width, channels]`. */
export function taps(x: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor[] {
  const [batch, channels] = [x.shape[0]!, x.shape[3]!];
  const [down, across] = g.strides;
  const extent = (i: 0 | 1) => {
    const needed = (g.output[i] - 1) * g.strides[i] + (g.kernel[i] - 1) * g.dilations[i] + 1;
    return Math.ceil(needed / g.strides[i]) * g.strides[i];
  };
  const [height, width] = [extent(0), extent(1)];
  const padded = device.pad(x, [
    [0, 0],
    [g.pads[0], height - g.input[0] - g.pads[0]],
    [g.pads[1], width - g.input[1] - g.pads[1]],
    [0, 0],
  ]);
  // A picture is split once into one picture for each offset of the stride, so that every tap is a plain slice.
  const split = device.reshape(padded, [(batch * height) / down, down, width / across, across * channels]);
  const phases = new Map<string, DeviceTensor>();
  const phase = (row: number, column: number) => {
    if (down === 1 && across === 1) return padded;
    const name = `${row},${column}`;
    let found = phases.get(name);
    if (found === undefined) {
      const size = [split.shape[0]!, 1, split.shape[2]!, channels];
      const part = device.slice(split, [0, row, 0, column * channels], size);
      found = device.reshape(part, [batch, height / down, width / across, channels]);
      phases.set(name, found);
    }
    return found;
  };
  const all: DeviceTensor[] = [];
  for (let i = 0; i < g.kernel[0]; i++) {
    for (let j = 0; j < g.kernel[1]; j++) {
      const [row, column] = [i * g.dilations[0], j * g.dilations[1]];
      const begin = [0, Math.floor(row / down), Math.floor(column / across), 0];
      all.push(device.slice(phase(row % down, column % across), begin, [batch, ...g.output, channels]));
    }
  }
  return all;
}

function repeated(x: DeviceTensor, times: number, device: Device): DeviceTensor {
  const column = device.reshape(x, [x.size, 1]);
  const wide = device.run("Tile", { x: column }, { reps: [1, times] });
  return device.reshape(wide, [...x.shape.slice(0, 3), x.shape[3]! * times]);
}

function stacked(tensors: readonly DeviceTensor[], device: Device): DeviceTensor {
  return tensors.length === 1 ? tensors[0]! : device.concat(tensors, 0);
}
