import type { RgbPicture } from "../../resample.ts";
import { luma } from "./tables.ts";

/** Moves every pixel away from its own grey: factor 0 is a grey picture, 1 the picture as it is. */
export function saturation(picture: RgbPicture, factor: number): RgbPicture {
  const { data } = picture;
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const grey = (1 - factor) * luma(data[at]!, data[at + 1]!, data[at + 2]!);
    for (let i = at; i < at + 3; i++) out[i] = Math.min(255, Math.max(0, factor * data[i]! + grey));
  }
  return { ...picture, data: out };
}
