import { numberOption, onlyOptions, type PlainOptions, type Random } from "@graft-ml/core";
import type { RgbPicture } from "../resample.ts";
import type { Augmentation } from "./augmentation.ts";
import { brightness } from "./operations/brightness.ts";
import { contrast } from "./operations/contrast.ts";
import { hue } from "./operations/hue.ts";
import { saturation } from "./operations/saturation.ts";
import { between } from "./range-option.ts";

const WHERE = "augment/color-jitter";

/**
 * Brightness, contrast, saturation and hue, each by a random amount and in random order, as torchvision's `ColorJitter` does it:
 * factors lie in [max(0, 1 − x), 1 + x], hue turns by −x to x of a full turn. Defaults: 0.4, 0.4, 0.4 and 0.
 */
export function colorJitter(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["brightness", "contrast", "saturation", "hue"]);
  const amount = (name: string, fallback: number, max?: number): number =>
    numberOption(WHERE, options, name, fallback, { min: 0, ...(max !== undefined && { max }) });
  const amounts = {
    brightness: amount("brightness", 0.4),
    contrast: amount("contrast", 0.4),
    saturation: amount("saturation", 0.4),
    hue: amount("hue", 0, 0.5),
  };
  const steps = [
    { amount: amounts.brightness, change: byFactor(brightness, amounts.brightness) },
    { amount: amounts.contrast, change: byFactor(contrast, amounts.contrast) },
    { amount: amounts.saturation, change: byFactor(saturation, amounts.saturation) },
    {
      amount: amounts.hue,
      change: (picture: RgbPicture, random: Random) =>
        hue(picture, between([-amounts.hue, amounts.hue], random.uniform())),
    },
  ].filter((step) => step.amount > 0);
  return {
    of: "pictures",
    name: "color-jitter",
    summary: "brightness, contrast, saturation and hue by random amounts",
    options: amounts,
    change: (picture, random) => random.shuffle([...steps]).reduce((done, step) => step.change(done, random), picture),
  };
}

function byFactor(
  operation: (picture: RgbPicture, factor: number) => RgbPicture,
  amount: number,
): (picture: RgbPicture, random: Random) => RgbPicture {
  return (picture, random) => operation(picture, between([Math.max(0, 1 - amount), 1 + amount], random.uniform()));
}
