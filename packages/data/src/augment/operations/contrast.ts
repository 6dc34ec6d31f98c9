import type { RgbPicture } from "../../resample.ts";
import { byTable, levels, luma } from "./tables.ts";

/** Moves all values away from the picture's mean brightness: factor 0 is flat grey, 1 the picture as it is. */
export function contrast(picture: RgbPicture, factor: number): RgbPicture {
  const { data } = picture;
  let total = 0;
  for (let at = 0; at < data.length; at += 3) total += luma(data[at]!, data[at + 1]!, data[at + 2]!);
  const mean = total / (data.length / 3);
  return byTable(
    picture,
    levels((level) => factor * level + (1 - factor) * mean),
  );
}
