import type { RgbPicture } from "../../resample.ts";
import { byTable, levels } from "./tables.ts";

/** Inverts values from `threshold` (0..255) on. */
export function solarize(picture: RgbPicture, threshold: number): RgbPicture {
  return byTable(
    picture,
    levels((level) => (level >= threshold ? 255 - level : level)),
  );
}
