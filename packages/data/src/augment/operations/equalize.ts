import type { RgbPicture } from "../../resample.ts";
import { byTable, levels } from "./tables.ts";

/** Spreads the values of each channel so that all are about equally frequent; a channel of too few values stays. */
export function equalize(picture: RgbPicture): RgbPicture {
  const { data } = picture;
  const spread = [0, 1, 2].map((channel) => {
    const counts = new Int32Array(256);
    for (let at = channel; at < data.length; at += 3) counts[data[at]!]!++;
    const highest = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((data.length / 3 - counts[highest]!) / 255);
    let below = 0;
    const places = Array.from(counts, (count) => {
      const place = Math.floor((below + Math.floor(step / 2)) / step);
      below += count;
      return place;
    });
    // The lowest level is 0 whatever half a step is.
    return levels((level) => (step === 0 ? level : level === 0 ? 0 : places[level]!));
  });
  return byTable(picture, ...spread);
}
