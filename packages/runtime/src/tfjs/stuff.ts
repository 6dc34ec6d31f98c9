import type { DeviceTensor, Kernels } from "./device.ts";

/** Puts `gap - 1` zero planes between the planes of an axis. */
export function stuff(x: DeviceTensor, axis: number, gap: number, device: Kernels): DeviceTensor {
  const length = x.shape[axis]!;
  if (gap === 1 || length === 1) return x;
  const before = product(x.shape.slice(0, axis));
  const after = product(x.shape.slice(axis + 1));
  const column = device.reshape(x, [before * length, after]);
  // Each plane is followed by its zeros in the next columns; the zeros after the last plane are cut off.
  const wide = device.reshape(
    device.pad(column, [
      [0, 0],
      [0, (gap - 1) * after],
    ]),
    [before, length * gap, after],
  );
  const stuffed = (length - 1) * gap + 1;
  return device.reshape(device.slice(wide, [0, 0, 0], [before, stuffed, after]), [
    ...x.shape.slice(0, axis),
    stuffed,
    ...x.shape.slice(axis + 1),
  ]);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a * b, 1);
}
