import {
  type BackboneSource,
  choiceOption,
  onlyOptions,
  type PlainOptions,
  type TextPreprocessing,
} from "@graft-ml/core";
import { bundled } from "./bundled.ts";
import { withInt8Products } from "./int8.ts";

/** Measured by tools/golden/minilm_l6.py on all lines of RT-polarity, a linear probe in ten folds. */
const LOSS = "0.1 points of a linear probe on RT-polarity (76.6 instead of 76.7 %), mean cosine to float32 0.991";

/**
 * All-MiniLM-L6-v2: features `[batch, 384]`, the mean of six transformer layers over English tokens (Wang et al., NeurIPS 2020).
 * `precision: "int8"` makes its products integer ones, some three times as fast on one core, for frozen features alone. Default: "float32".
 */
export function minilmL6(options: PlainOptions = {}): BackboneSource<TextPreprocessing> {
  const where = "backbones/minilm-l6";
  onlyOptions(where, options, ["precision"]);
  const precision = choiceOption(where, options, "precision", "float32", ["float32", "int8"]);
  const source = bundled(
    "minilm-l6",
    "all-MiniLM-L6-v2, a billion sentence pairs, 22.6 M parameters, English text up to 256 tokens",
    "@graft-ml/weights-minilm-l6",
    () => import("@graft-ml/weights-minilm-l6"),
  );
  return precision === "int8" ? withInt8Products(source, LOSS) : source;
}
