import type { RgbPicture } from "../../resample.ts";

/** How a picture is turned, moved, scaled and slanted. */
export interface AffineMotion {
  /** Degrees, clockwise. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees along x and y. */
  readonly shear: readonly [number, number];
  /** The point that stays, in pixels from the top left corner. Default: the middle. */
  readonly center?: readonly [number, number];
}

/** From a pixel's place in the result, seen from the middle, to the place that it comes from: `[a, b, c, d, e, f]`, x′ = ax + by + c. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** The way back of a motion, as torchvision composes it: translate, centre, rotate, shear, scale. */
export function inverseAffine(
  { angle, translate, scale, shear, center }: AffineMotion,
  { width, height }: { readonly width: number; readonly height: number },
): AffineMatrix {
  const [turn, slantX, slantY] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const a = Math.cos(turn - slantY) / Math.cos(slantY);
  const b = (-Math.cos(turn - slantY) * Math.tan(slantX)) / Math.cos(slantY) - Math.sin(turn);
  const c = Math.sin(turn - slantY) / Math.cos(slantY);
  const d = (-Math.sin(turn - slantY) * Math.tan(slantX)) / Math.cos(slantY) + Math.cos(turn);
  const [x, y] = center === undefined ? [0, 0] : [center[0] - width / 2, center[1] - height / 2];
  const [p, q, r, s] = [d / scale, -b / scale, -c / scale, a / scale];
  const [toX, toY] = [-x - translate[0], -y - translate[1]];
  return [p, q, p * toX + q * toY + x, r, s, r * toX + s * toY + y];
}

/** Moves a picture by the way back of a motion; what comes from outside has the level `fill`. */
export function warp(
  picture: RgbPicture,
  [a, b, c, d, e, f]: AffineMatrix,
  interpolation: "nearest" | "bilinear",
  fill: number = 0,
): RgbPicture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  const sample = interpolation === "nearest" ? nearest : bilinear;
  for (let row = 0, at = 0; row < height; row++) {
    const y = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++, at += 3) {
      const x = column + 0.5 - width / 2;
      sample(picture, a * x + b * y + c + width / 2 - 0.5, d * x + e * y + f + height / 2 - 0.5, fill, out, at);
    }
  }
  return { width, height, data: out };
}

function nearest(picture: RgbPicture, x: number, y: number, fill: number, out: Uint8Array, at: number): void {
  const { width, height, data } = picture;
  const [column, row] = [toEven(x), toEven(y)];
  const inside = column >= 0 && column < width && row >= 0 && row < height;
  const from = (row * width + column) * 3;
  for (let channel = 0; channel < 3; channel++) out[at + channel] = inside ? data[from + channel]! : fill;
}

function bilinear(picture: RgbPicture, x: number, y: number, fill: number, out: Uint8Array, at: number): void {
  const { width, height, data } = picture;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - column, y - row];
  const inside = column >= 0 && column < width - 1 && row >= 0 && row < height - 1;
  const from = (row * width + column) * 3;
  const below = from + width * 3;
  for (let channel = 0; channel < 3; channel++) {
    const level = (offset: number, dx: number, dy: number): number =>
      inside || isInside(picture, column + dx, row + dy) ? data[offset + channel]! : fill;
    const upper = (1 - right) * level(from, 0, 0) + right * level(from + 3, 1, 0);
    const lower = (1 - right) * level(below, 0, 1) + right * level(below + 3, 1, 1);
    out[at + channel] = Math.round((1 - down) * upper + down * lower);
  }
}

function isInside({ width, height }: RgbPicture, x: number, y: number): boolean {
  return x >= 0 && x < width && y >= 0 && y < height;
}

/** Rounds halves to the even neighbour, as the field's samplers do. */
function toEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
