import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Augmentation } from "./augmentation.ts";
import { grey } from "./operations/grey.ts";

const WHERE = "augment/grayscale";

/** Takes the colours away with probability `p` (default 0.1). */
export function grayscale(options: PlainOptions = {}): Augmentation {
  onlyOptions(WHERE, options, ["p"]);
  const p = numberOption(WHERE, options, "p", 0.1, { min: 0, max: 1 });
  return {
    of: "pictures",
    name: "grayscale",
    summary: "take the colours of a tenth of the pictures away",
    options: { p },
    change: (picture, random) => (random.uniform() < p ? grey(picture) : picture),
  };
}
