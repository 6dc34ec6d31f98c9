import {
  type BackboneSource,
  choiceOption,
  onlyOptions,
  type PlainOptions,
  type TextPreprocessing,
} from "@graft-ml/core";
import { layerGroups } from "@graft-ml/graph";
import { bundled } from "./bundled.ts";
import { withInt8Products } from "./int8.ts";
import { pooled } from "./text-pooling.ts";

/** Measured by tools/golden/minilm_l6.py on all lines of RT-polarity, a linear probe in ten folds. */
const LOSS = "0.1 points of a linear probe on RT-polarity (76.6 instead of 76.7 %), mean cosine to float32 0.991";

/**
 * All-MiniLM-L6-v2: features `[batch, 384]`, the mean of six transformer layers over English tokens (Wang et al., NeurIPS 2020).
 * `pooling` makes them of the tokens in another way: `cls`, `last`, `max`, or `none` for every token's, `[batch, tokens, 384]`. Default: "mean".
 * `precision: "int8"` makes its products integer ones, some three times as fast on one core, for frozen features alone. Default: "float32".
 */
export function minilmL6(options: PlainOptions = {}): BackboneSource<TextPreprocessing> {
  const where = "backbones/minilm-l6";
  onlyOptions(where, options, ["precision", "pooling"]);
  const precision = choiceOption(where, options, "precision", "float32", ["float32", "int8"]);
  const pooling = choiceOption(where, options, "pooling", "mean", ["mean", "cls", "last", "max", "none"]);
  const source = bundled(
    "minilm-l6",
    "all-MiniLM-L6-v2, a billion sentence pairs, 22.6 M parameters, English text up to 256 tokens",
    "@graft-ml/weights-minilm-l6",
    async () => {
      const weights = await import("@graft-ml/weights-minilm-l6");
      // The file goes on from the tokens to their mean.
      return pooling === "mean" ? weights : { ...weights, card: { ...weights.card, features: weights.card.output } };
    },
  );
  const asked = pooling === "mean" ? source : withPooling(source, pooling);
  return precision === "int8" ? withInt8Products(asked, LOSS) : asked;
}

/** A backbone that ends at hidden states, gone on with to its features. */
function withPooling(
  source: BackboneSource<TextPreprocessing>,
  pooling: TextPreprocessing["pooling"],
): BackboneSource<TextPreprocessing> {
  return {
    ...source,
    async load() {
      const backbone = await source.load();
      const { card } = backbone;
      const graph = pooled(backbone.graph, card.features, card.preprocessing.mask, pooling);
      const features = graph.outputs[0]!.name;
      return {
        ...backbone,
        card: { ...card, features, preprocessing: { ...card.preprocessing, pooling } },
        graph,
        groups: layerGroups(graph, card.input),
      };
    },
  };
}
