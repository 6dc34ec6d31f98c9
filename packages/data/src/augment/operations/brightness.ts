import type { RgbPicture } from "../../resample.ts";
import { byTable, levels } from "./tables.ts";

/** Multiplies all values: factor 0 is black, 1 the picture as it is. */
export function brightness(picture: RgbPicture, factor: number): RgbPicture {
  return byTable(
    picture,
    levels((level) => factor * level),
  );
}
