import type { BackboneCard, Graph, RunControl, TextPreprocessing } from "@graft-ml/core";
import { fail } from "@graft-ml/core";
import { padTokens, placeRows, type TextTokenizer } from "@graft-ml/data";
import { lengthBatches } from "@graft-ml/trainers";
import { type Classifier, predictionsOf, type SampleInput } from "../classifier.ts";
import { lazyProgram } from "../lazy-program.ts";

const BATCH = 32;

/** A whole model that takes texts, or pairs of them; it is prepared on first use. */
export function textModel(
  model: Graph,
  { input, preprocessing }: Pick<BackboneCard<TextPreprocessing>, "input" | "preprocessing">,
  classes: readonly string[],
  tokenizer: TextTokenizer,
  control?: RunControl,
): Classifier {
  const { maxTokens, padId, mask } = preprocessing;
  const program = lazyProgram(model);
  const probabilities = async (inputs: readonly SampleInput[]): Promise<Float32Array> => {
    const pairs = pairsOf(inputs);
    const texts = await tokenizer.tokenize(
      inputs.map((one) => (typeof one === "string" ? one : one[0])),
      { maxTokens, ...(pairs && { pairs }), ...(control && { control }) },
    );
    const all = new Float32Array(inputs.length * classes.length);
    const { batches } = lengthBatches(
      texts.ids.map(({ length }) => length),
      { batch: BATCH },
    );
    for (const batch of batches) {
      const padded = padTokens(texts, batch, padId);
      const outputs = await program.run({ [input]: padded.ids, [mask]: padded.mask });
      placeRows(all, batch.indices, outputs.probabilities!.data as Float32Array);
    }
    return all;
  };
  return {
    probabilities,
    predict: async (inputs) => predictionsOf(inputs, await probabilities(inputs), classes),
    release: () => program.release(),
  };
}

/** The second texts; undefined where all are single. */
function pairsOf(inputs: readonly SampleInput[]): string[] | undefined {
  const pairs = inputs.flatMap((input) => (typeof input === "string" ? [] : [input[1]]));
  if (pairs.length === 0) return undefined;
  if (pairs.length < inputs.length)
    throw fail(
      "graft/predict",
      `expected texts or pairs of them; received ${pairs.length} pairs among ${inputs.length}`,
    );
  return pairs;
}
