import type { RgbPicture } from "../../resample.ts";
import { byTable, levels } from "./tables.ts";

/** Stretches each channel so that its lowest value becomes 0 and its highest 255; a flat one stays. */
export function autocontrast(picture: RgbPicture): RgbPicture {
  const { data } = picture;
  const stretched = [0, 1, 2].map((channel) => {
    let low = 255;
    let high = 0;
    for (let at = channel; at < data.length; at += 3) {
      low = Math.min(low, data[at]!);
      high = Math.max(high, data[at]!);
    }
    return levels((level) => (high > low ? Math.fround((level - low) * Math.fround(255 / (high - low))) : level));
  });
  return byTable(picture, ...stretched);
}
