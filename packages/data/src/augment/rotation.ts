import { choiceOption, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { inverseAffine, warp } from "./operations/warp.ts";
import { between } from "./range-option.ts";

const WHERE = "augment/rotation";

/**
 * Turns pictures round their middle by −`degrees` to `degrees` (default 15). Defaults: interpolation *bilinear*, fill 0 (the level of
 * the corners that come in from outside).
 */
export function rotation(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["degrees", "interpolation", "fill"]);
  const degrees = numberOption(WHERE, options, "degrees", 15, { min: 0, max: 180 });
  const interpolation = choiceOption(WHERE, options, "interpolation", "bilinear", ["bilinear", "nearest"]);
  const fill = numberOption(WHERE, options, "fill", 0, { min: 0, max: 255, integer: true });
  return {
    of: "pictures",
    name: "rotation",
    summary: "turn pictures a little round their middle",
    options: { degrees, interpolation, fill },
    change(picture, random) {
      const angle = between([-degrees, degrees], random.uniform());
      const motion = { angle, translate: [0, 0], scale: 1, shear: [0, 0] } as const;
      return warp(picture, inverseAffine(motion, picture), interpolation, fill);
    },
  };
}
