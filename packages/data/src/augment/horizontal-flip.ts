import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { mirror } from "./operations/mirror.ts";

const WHERE = "augment/horizontal-flip";

/** Exchanges left and right with probability `p` (default 0.5). */
export function horizontalFlip(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["p"]);
  const p = numberOption(WHERE, options, "p", 0.5, { min: 0, max: 1 });
  return {
    of: "pictures",
    name: "horizontal-flip",
    summary: "exchange left and right of half the pictures",
    options: { p },
    change: (picture, random) => (random.uniform() < p ? mirror(picture) : picture),
  };
}
