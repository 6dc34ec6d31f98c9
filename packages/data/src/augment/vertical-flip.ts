import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { upsideDown } from "./operations/mirror.ts";

const WHERE = "augment/vertical-flip";

/** Exchanges top and bottom with probability `p` (default 0.5), for pictures without an upright: from above, through a microscope. */
export function verticalFlip(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["p"]);
  const p = numberOption(WHERE, options, "p", 0.5, { min: 0, max: 1 });
  return {
    of: "pictures",
    name: "vertical-flip",
    summary: "exchange top and bottom of half the pictures",
    options: { p },
    change: (picture, random) => (random.uniform() < p ? upsideDown(picture) : picture),
  };
}
