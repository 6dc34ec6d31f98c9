import type { RgbPicture } from "../../resample.ts";
import { byTable, levels } from "./tables.ts";

/** Keeps the `bits` highest bits of every value, 0..8. */
export function posterize(picture: RgbPicture, bits: number): RgbPicture {
  const mask = (0xff << (8 - bits)) & 0xff;
  return byTable(
    picture,
    levels((level) => level & mask),
  );
}
