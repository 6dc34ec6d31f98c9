import type { RgbPicture } from "../../resample.ts";
import { luma } from "./tables.ts";

/** The picture in greys, three equal channels. */
export function grey(picture: RgbPicture): RgbPicture {
  const { data } = picture;
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) out.fill(luma(data[at]!, data[at + 1]!, data[at + 2]!), at, at + 3);
  return { ...picture, data: out };
}
