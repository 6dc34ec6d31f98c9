import { taps } from "./composed-gradients.ts";
import type { Device, DeviceTensor } from "./device.ts";
import type { ConvGeometry } from "./geometry.ts";

/** Each window's largest element, tap by tap: for windows with gaps, which no kernel knows. */
export function composedMaxPool(x: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  return taps(x, g, device).reduce((a, b) => device.run("Maximum", { a, b }));
}

/** Each window's sum, tap by tap. */
export function composedSumPool(x: DeviceTensor, g: ConvGeometry, device: Device): DeviceTensor {
  return taps(x, g, device).reduce((a, b) => device.run("Add", { a, b }));
}

/** A max pool's input gradient: tap by tap, each output's gradient goes to the first pixel that equals the output. */
export function composedMaxPoolGrad(
  x: DeviceTensor,
  y: DeviceTensor,
  dy: DeviceTensor,
  g: ConvGeometry,
  device: Device,
): DeviceTensor {
  const zeros = device.run("Fill", {}, { shape: dy.shape, value: 0, dtype: "float32" });
  let rest = dy;
  const parts = taps(x, g, device).map((tap, i, all) => {
    const hit = device.run("Equal", { a: tap, b: y });
    const part = device.select(hit, rest, zeros);
    if (i < all.length - 1) rest = device.select(hit, zeros, rest);
    return part;
  });
  return interleaved(parts, g, device);
}

/**
 * Adds what each tap has for the pixel that it saw. Pixels of one offset within the stride make a small picture of their
 * own, in which a tap is a plain shift; in the end these are interleaved.
 */
function interleaved(parts: readonly DeviceTensor[], g: ConvGeometry, device: Device): DeviceTensor {
  const [batch, , , channels] = parts[0]!.shape as [number, number, number, number];
  const [down, across] = g.strides;
  const [rows, columns] = ([0, 1] as const).map((i) =>
    Math.ceil(((g.output[i] - 1) * g.strides[i] + (g.kernel[i] - 1) * g.dilations[i] + 1) / g.strides[i]),
  ) as [number, number];
  const phases = new Map<number, DeviceTensor>();
  parts.forEach((part, tap) => {
    const row = Math.floor(tap / g.kernel[1]) * g.dilations[0];
    const column = (tap % g.kernel[1]) * g.dilations[1];
    const [top, left] = [Math.floor(row / down), Math.floor(column / across)];
    const shifted = device.pad(part, [
      [0, 0],
      [top, rows - g.output[0] - top],
      [left, columns - g.output[1] - left],
      [0, 0],
    ]);
    const phase = (row % down) * across + (column % across);
    const before = phases.get(phase);
    phases.set(phase, before === undefined ? shifted : device.run("Add", { a: before, b: shifted }));
  });
  const empty = () => device.run("Fill", {}, { shape: [batch, rows, columns, channels], value: 0, dtype: "float32" });
  const lines = Array.from({ length: down }, (_, i) => {
    const line = Array.from({ length: across }, (_, j) => phases.get(i * across + j) ?? empty());
    const joined = across === 1 ? line[0]! : device.concat(line, 3);
    return device.reshape(joined, [batch, rows, 1, columns * across * channels]);
  });
  const whole = down === 1 ? lines[0]! : device.concat(lines, 2);
  const grid = device.reshape(whole, [batch, rows * down, columns * across, channels]);
  // Pads are cut off, pixels that no window saw are added.
  return device.pad(grid, [
    [0, 0],
    [-g.pads[0], g.input[0] + g.pads[0] - rows * down],
    [-g.pads[1], g.input[1] + g.pads[1] - columns * across],
    [0, 0],
  ]);
}
