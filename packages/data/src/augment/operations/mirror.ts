import type { RgbPicture } from "../../resample.ts";

/** The picture with left and right exchanged. */
export function mirror(picture: RgbPicture): RgbPicture {
  const { width, data } = picture;
  const out = new Uint8Array(data.length);
  for (let row = 0; row < data.length; row += width * 3) {
    for (let x = 0; x < width; x++) {
      const from = row + x * 3;
      const to = row + (width - 1 - x) * 3;
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { ...picture, data: out };
}

/** The picture upside down, not turned. */
export function upsideDown(picture: RgbPicture): RgbPicture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  const line = width * 3;
  for (let y = 0; y < height; y++) out.set(data.subarray(y * line, (y + 1) * line), (height - 1 - y) * line);
  return { ...picture, data: out };
}
