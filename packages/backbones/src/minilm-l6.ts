import type { BackboneSource, TextPreprocessing } from "@graft-ml/core";
import { bundled } from "./bundled.ts";

/** All-MiniLM-L6-v2: features `[batch, 384]`, the mean of six transformer layers over English tokens (Wang et al., NeurIPS 2020). */
export function minilmL6(): BackboneSource<TextPreprocessing> {
  return bundled(
    "minilm-l6",
    "all-MiniLM-L6-v2, a billion sentence pairs, 22.6 M parameters, English text up to 256 tokens",
    "@graft-ml/weights-minilm-l6",
    () => import("@graft-ml/weights-minilm-l6"),
  );
}
