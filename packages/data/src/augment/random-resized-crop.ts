import { onlyOptions, type PlainOptions, type Random } from "@graft-ml/core";
import type { Box } from "../resample.ts";
import type { Augmentation } from "./augmentation.ts";
import { between, rangeOption } from "./range-option.ts";

const WHERE = "augment/random-resized-crop";
const TRIES = 10;

/**
 * A random part of the picture, resized to the network's size (Szegedy et al., CVPR 2015, section 6), drawn as torchvision's
 * `RandomResizedCrop` draws it: `scale` is the part's share of the area, `ratio` its width by its height.
 * Defaults: scale [0.08, 1], ratio [3/4, 4/3].
 */
export function randomResizedCrop(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["scale", "ratio"]);
  const scale = rangeOption(WHERE, options, "scale", [0.08, 1], { min: 0.0001, max: 1 });
  const ratio = rangeOption(WHERE, options, "ratio", [3 / 4, 4 / 3], { min: 0.0001 });
  return {
    of: "pictures",
    name: "random-resized-crop",
    summary: "a part of the picture of random size and place instead of its middle",
    options: { scale, ratio },
    crop: ({ width, height }, random) => randomBox(width, height, scale, ratio, random),
  };
}

function randomBox(
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): Box {
  for (let tried = 0; tried < TRIES; tried++) {
    const area = width * height * between(scale, random.uniform());
    const shape = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], random.uniform()));
    const [w, h] = [Math.round(Math.sqrt(area * shape)), Math.round(Math.sqrt(area / shape))];
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return boxAt(random.integer(width - w + 1), random.integer(height - h + 1), w, h);
  }
  // Nothing fits: as much of the middle as a ratio in range allows.
  const nearest = Math.min(ratio[1], Math.max(ratio[0], width / height));
  const w = Math.min(width, Math.max(1, Math.round(height * nearest)));
  const h = Math.min(height, Math.max(1, Math.round(width / nearest)));
  return boxAt(Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h);
}

function boxAt(left: number, top: number, width: number, height: number): Box {
  return { left, top, right: left + width, bottom: top + height };
}
