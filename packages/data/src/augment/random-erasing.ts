import { fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { between, rangeOption } from "./range-option.ts";

const WHERE = "augment/random-erasing";
const TRIES = 10;

/**
 * Covers a random rectangle with probability `p` (Zhong et al., AAAI 2020), drawn as torchvision's `RandomErasing` draws it: `scale` is
 * its share of the area, `ratio` its height by its width, `value` the level that covers it, or *random* for noise.
 * Defaults: p 0.5, scale [0.02, 0.33], ratio [0.3, 3.3], value 128, which is about zero behind the usual normalisations.
 */
export function randomErasing(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["p", "scale", "ratio", "value"]);
  const p = numberOption(WHERE, options, "p", 0.5, { min: 0, max: 1 });
  const scale = rangeOption(WHERE, options, "scale", [0.02, 0.33], { min: 0, max: 1 });
  const ratio = rangeOption(WHERE, options, "ratio", [0.3, 3.3], { min: 0.0001 });
  const { value = 128 } = options;
  const isLevel = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
  if (value !== "random" && !isLevel)
    throw fail(WHERE, `expected value to be a level 0 to 255 or "random"; received ${JSON.stringify(value)}`);
  return {
    of: "pictures",
    name: "random-erasing",
    summary: "cover a random rectangle of half the pictures",
    options: { p, scale, ratio, value },
    change(picture, random) {
      if (random.uniform() >= p) return picture;
      const { width, height } = picture;
      for (let tried = 0; tried < TRIES; tried++) {
        const area = width * height * between(scale, random.uniform());
        const shape = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], random.uniform()));
        const [w, h] = [Math.round(Math.sqrt(area / shape)), Math.round(Math.sqrt(area * shape))];
        if (w >= width || h >= height) continue;
        const top = random.integer(height - h + 1);
        const left = random.integer(width - w + 1);
        const data = Uint8Array.from(picture.data);
        for (let y = top; y < top + h; y++) {
          const from = (y * width + left) * 3;
          if (typeof value === "number") data.fill(value, from, from + w * 3);
          else for (let at = from; at < from + w * 3; at++) data[at] = random.integer(256);
        }
        return { ...picture, data };
      }
      return picture;
    },
  };
}
