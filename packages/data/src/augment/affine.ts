import { choiceOption, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { inverseAffine, warp } from "./operations/warp.ts";
import { between, rangeOption } from "./range-option.ts";

const WHERE = "augment/affine";

/**
 * Turns, moves, scales and slants pictures, drawn as torchvision's `RandomAffine` draws it: by −`degrees` to `degrees`, by at most
 * `translate` of width and height, by a factor of `scale`, slanted by −`shear` to `shear` degrees along x.
 * Defaults: degrees 10, translate 0.1, scale [0.9, 1.1], shear 0, interpolation *bilinear*, fill 0 (the level of what comes in from outside).
 */
export function affine(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["degrees", "translate", "scale", "shear", "interpolation", "fill"]);
  const degrees = numberOption(WHERE, options, "degrees", 10, { min: 0, max: 180 });
  const translate = numberOption(WHERE, options, "translate", 0.1, { min: 0, max: 1 });
  const scale = rangeOption(WHERE, options, "scale", [0.9, 1.1], { min: 0.01 });
  const shear = numberOption(WHERE, options, "shear", 0, { min: 0, max: 80 });
  const interpolation = choiceOption(WHERE, options, "interpolation", "bilinear", ["bilinear", "nearest"]);
  const fill = numberOption(WHERE, options, "fill", 0, { min: 0, max: 255, integer: true });
  return {
    of: "pictures",
    name: "affine",
    summary: "turn, move, scale and slant pictures a little",
    options: { degrees, translate, scale, shear, interpolation, fill },
    change(picture, random) {
      const either = (most: number): number => between([-most, most], random.uniform());
      const angle = either(degrees);
      const right = Math.round(either(translate * picture.width));
      const down = Math.round(either(translate * picture.height));
      const factor = between(scale, random.uniform());
      const motion = { angle, translate: [right, down], scale: factor, shear: [either(shear), 0] } as const;
      return warp(picture, inverseAffine(motion, picture), interpolation, fill);
    },
  };
}
