import { fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { symmetricBeta } from "./beta.ts";
import type { MixedValues, Mixing } from "./mixing.ts";

const WHERE = "trainers/cutmix";

/**
 * Pastes a rectangle of another sample into every sample, one rectangle of area 1 − λ, λ ~ Beta(alpha, alpha), a batch (CutMix, Yun et
 * al., ICCV 2019, algorithm 1); the losses are weighed by the areas that remain after cutting at the border. For pictures, or maps of
 * features at the boundary. Default: alpha 1.
 */
export function cutmix(options: PlainOptions = {}): Mixing {
  onlyOptions(WHERE, options, ["alpha"]);
  const alpha = numberOption(WHERE, options, "alpha", 1, { min: 0.001, max: 1000 });
  return {
    name: "cutmix",
    summary: "paste a rectangle of another picture of the batch into each, and weigh their losses by area",
    options: { alpha },
    mix(values, partners, { random, layout }) {
      const { dims } = values;
      if (dims.length !== 4) {
        throw fail(
          WHERE,
          `expected pictures or maps of features to cut, [batch, …] of 4 dimensions; received [${dims.join(", ")}]. Use mixup, or thaw a layer below`,
        );
      }
      const [height, width] = (layout === "NCHW" ? dims.slice(2) : dims.slice(1)) as [number, number];
      const box = boxAround(width, height, symmetricBeta(alpha, random), random.integer(width), random.integer(height));
      const pasted = (box.right - box.left) * (box.bottom - box.top);
      return { values: paste(values, partners, box, layout), share: 1 - pasted / (width * height) };
    },
  };
}

/** A rectangle in pixels; right and bottom are outside. */
export interface PastedBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The rectangle of area 1 − `share` round a place, cut off at the border. */
export function boxAround(width: number, height: number, share: number, x: number, y: number): PastedBox {
  const side = Math.sqrt(1 - share);
  const [w, h] = [Math.floor(Math.trunc(width * side) / 2), Math.floor(Math.trunc(height * side) / 2)];
  return {
    left: Math.max(0, x - w),
    top: Math.max(0, y - h),
    right: Math.min(width, x + w),
    bottom: Math.min(height, y + h),
  };
}

/** Every sample with a rectangle of its partner in it. */
export function paste(
  { data, dims }: MixedValues,
  partners: readonly number[],
  { left, top, right, bottom }: PastedBox,
  layout: "NCHW" | "NHWC",
): Float32Array {
  const [planes, height, width, step] = (
    layout === "NCHW" ? [dims[1], dims[2], dims[3], 1] : [1, dims[1], dims[2], dims[3]]
  ) as [number, number, number, number];
  const values = Float32Array.from(data);
  const each = data.length / dims[0]!;
  for (const [i, partner] of partners.entries()) {
    for (let row = 0; row < planes * height; row++) {
      const y = row % height;
      if (y < top || y >= bottom) continue;
      const [from, to] = [(row * width + left) * step, (row * width + right) * step];
      values.set(data.subarray(partner * each + from, partner * each + to), i * each + from);
    }
  }
  return values;
}
