import { float32, sizeOf } from "@graft-ml/core";
import { channelsLast, type Held, known, type LayerContext, like, only, picture, plain } from "../layer.ts";

/** `ZeroPadding2D`. */
export function zeroPadding2d(c: LayerContext): Held {
  const x = picture(c);
  const [[top, bottom], [left, right]] = borders(c, "padding", 1);
  const pads = c.g.ints([0, 0, top, left, 0, 0, bottom, right]);
  const padded = like(x, c.op("Pad", [x.value, pads], { mode: "constant" }));
  return { ...padded, padded: { from: x.value, pads } };
}

/** `Cropping2D`. */
export function cropping2d(c: LayerContext): Held {
  const x = picture(c);
  const [[top, bottom], [left, right]] = borders(c, "cropping", 0);
  // The end of a slice beyond the picture is its end; a crop of 0 there cannot be said as a negative end.
  const ends = [bottom, right].map((cut) => (cut === 0 ? Number.MAX_SAFE_INTEGER : -cut));
  return like(x, c.op("Slice", [x.value, c.g.ints([top, left]), c.g.ints(ends), c.g.ints([2, 3])]));
}

/** `UpSampling2D`, by repetition or by straight lines between pixel centres. */
export function upSampling2d(c: LayerContext): Held {
  const x = picture(c);
  const [tall, wide] = c.settings.pair("size", [2, 2]);
  const interpolation = c.settings.text("interpolation", "nearest");
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    throw c.settings.wrong("interpolation", '"nearest" or "bilinear"');
  }
  const scales = c.g.shared(`scales ${tall} ${wide}`, () => float32([4], [1, 1, tall, wide]));
  const attributes =
    interpolation === "nearest"
      ? { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }
      : { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  return like(x, c.op("Resize", [x.value, undefined, scales], attributes));
}

/** `Flatten`: pictures stay channels first until a value with Keras's order is asked for. */
export function flatten(c: LayerContext): Held {
  const x = only(c);
  if (c.settings.text("data_format", "channels_last") === "channels_first" && x.value.dims.length > 2) {
    throw c.fail("flattening with data_format channels_first is not supported; save the model with channels_last");
  }
  if (x.value.dims.length === 2) return x;
  const value = c.op("Flatten", [x.value], { axis: 1 });
  if (!x.moved) return { value, moved: false };
  const [channels, height, width] = known(c, x);
  return channels === 1 || height! * width! === 1
    ? { value, moved: false }
    : { value, moved: false, flattened: [channels!, height!, width!] };
}

/** `Reshape`. */
export function reshape(c: LayerContext): Held {
  const x = only(c);
  const target = c.settings.raw("target_shape");
  if (!Array.isArray(target) || !target.every((dim) => Number.isInteger(dim) && (dim === -1 || dim > 0))) {
    throw c.settings.wrong("target_shape", "whole numbers, one of them -1 at most");
  }
  const size = sizeOf(known(c, x));
  const rest = sizeOf(target.filter((dim) => dim !== -1));
  const dims = target.map((dim: number) => (dim === -1 ? size / rest : dim));
  if (sizeOf(dims) !== size || !dims.every(Number.isInteger)) {
    throw c.fail(`cannot reshape ${size} elements to [${target.join(", ")}]`);
  }
  const [channels, height, width] = x.value.dims.slice(1);
  const same = x.moved && (channels === 1 || (height === 1 && width === 1));
  const { value } = same ? x : plain(c, x);
  // One pixel is the same in either order: squeeze-and-excitation needs no transposition.
  if (dims.length === 3 && dims[0] === 1 && dims[1] === 1) {
    return { value: c.op("Reshape", [value, c.g.ints([0, dims[2]!, 1, 1])]), moved: true };
  }
  return { value: c.op("Reshape", [value, c.g.ints([0, ...dims])]), moved: false };
}

/** `Permute`: axes count from 1, the batch stays. */
export function permute(c: LayerContext): Held {
  const { value } = plain(c, only(c));
  const order = c.settings.raw("dims");
  const rank = value.dims.length;
  if (
    !Array.isArray(order) ||
    [...order].sort((a, b) => a - b).join() !==
      value.dims
        .slice(1)
        .map((_, i) => i + 1)
        .join()
  ) {
    throw c.settings.wrong("dims", `the axes 1 to ${rank - 1} in some order`);
  }
  return { value: c.op("Transpose", [value], { perm: [0, ...(order as number[])] }), moved: false };
}

type Borders = readonly [readonly [number, number], readonly [number, number]];

/** One number, two, or beginnings and ends of both axes. */
function borders(c: LayerContext, key: string, otherwise: number): Borders {
  channelsLast(c);
  const raw = c.settings.raw(key) ?? otherwise;
  const both = typeof raw === "number" ? [raw, raw] : raw;
  const pairs = Array.isArray(both) ? both.map((side) => (typeof side === "number" ? [side, side] : side)) : [];
  const fits = (side: unknown) =>
    Array.isArray(side) && side.length === 2 && side.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (pairs.length !== 2 || !pairs.every(fits)) throw c.settings.wrong(key, "one, two or two times two whole numbers");
  return pairs as unknown as Borders;
}
