import type { RgbPicture } from "../../resample.ts";

/** A table of what each level 0..255 becomes; fractions are cut off, as torchvision does it. */
export function levels(of: (level: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => Math.min(255, Math.max(0, of(level))));
}

/** Looks every value of a picture up, in one table or in one for each of red, green and blue. */
export function byTable(picture: RgbPicture, ...tables: readonly Uint8Array[]): RgbPicture {
  const { data } = picture;
  const [red, green = red, blue = red] = tables as readonly [Uint8Array, Uint8Array?, Uint8Array?];
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    out[at] = red[data[at]!]!;
    out[at + 1] = green![data[at + 1]!]!;
    out[at + 2] = blue![data[at + 2]!]!;
  }
  return { ...picture, data: out };
}

/** Brightness of a pixel as a whole level (ITU-R 601). */
export function luma(red: number, green: number, blue: number): number {
  return Math.trunc(0.2989 * red + 0.587 * green + 0.114 * blue);
}
