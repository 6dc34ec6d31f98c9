import type { RgbPicture } from "../../resample.ts";

/** Turns the colours of all pixels round the circle of hues by `shift` of a full turn, −0.5..0.5. */
export function hue(picture: RgbPicture, shift: number): RgbPicture {
  const { data } = picture;
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255];
    const most = Math.max(red, green, blue);
    const spread = most - Math.min(red, green, blue);
    const sixth = (hueOf(red, green, blue, most, spread) + shift + 2) % 1;
    const saturation = spread === 0 ? 0 : spread / most;
    // The three channels are one wave over the hues, a third of a turn apart.
    for (const [channel, offset] of [5, 3, 1].entries()) {
      const k = (offset + sixth * 6) % 6;
      const value = most - most * saturation * Math.max(0, Math.min(k, 4 - k, 1));
      out[at + channel] = value * 255.999;
    }
  }
  return { ...picture, data: out };
}

/** Hue of a pixel as a share of a turn, 0 for greys. */
function hueOf(red: number, green: number, blue: number, most: number, spread: number): number {
  if (spread === 0) return 0;
  if (most === red) return ((green - blue) / spread / 6 + 1) % 1;
  return most === green ? (2 + (blue - red) / spread) / 6 : (4 + (red - green) / spread) / 6;
}
