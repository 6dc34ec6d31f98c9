import type { RgbPicture } from "../../resample.ts";

/** Moves every pixel away from a 3 × 3 blur of the picture: factor 0 is the blur, 1 the picture as it is. The border stays. */
export function sharpness(picture: RgbPicture, factor: number): RgbPicture {
  const { width, height, data } = picture;
  const out = Uint8Array.from(data);
  const line = width * 3;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * line + 3; at < (y + 1) * line - 3; at++) {
      let sum = 4 * data[at]!;
      for (const row of [at - line, at, at + line]) sum += data[row - 3]! + data[row]! + data[row + 3]!;
      out[at] = Math.min(255, Math.max(0, factor * data[at]! + (1 - factor) * Math.round(sum / 13)));
    }
  }
  return { ...picture, data: out };
}
