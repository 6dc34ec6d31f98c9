import type { Box, RgbPicture } from "../../resample.ts";

/** A part of a picture; the edges of the box are whole pixels inside it. */
export function crop(picture: RgbPicture, { left, top, right, bottom }: Box): RgbPicture {
  const width = right - left;
  const height = bottom - top;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}
