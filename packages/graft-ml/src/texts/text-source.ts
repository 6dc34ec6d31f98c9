import type { BackboneCard, TextPreprocessing } from "@graft-ml/core";
import { padTokens, type TokenizedTexts } from "@graft-ml/data";
import type { SampleSource } from "@graft-ml/trainers";
import { type VariedTokens, variedTokens } from "./text-views.ts";

/** Texts of a dataset that was cut into tokens. */
export interface TextPart {
  readonly texts: TokenizedTexts;
  /** Places of the part's samples in `texts`. */
  readonly places: readonly number[];
  readonly targets: readonly number[];
  /** Lengths that batches are padded to. Left out: each to its longest text. */
  readonly paddings?: readonly number[];
}

/** Token ids and mask of texts, for training from the embeddings on; what training sees is `varied`, if anything is. */
export function tokenSource(
  { input, preprocessing }: Pick<BackboneCard<TextPreprocessing>, "input" | "preprocessing">,
  part: TextPart,
  varied?: VariedTokens,
): SampleSource<number> {
  const { mask, padId } = preprocessing;
  const { texts, places } = part;
  return {
    ...sequencesOf(part),
    async feed({ indices, tokens: asked, epoch }) {
      const wanted = indices.map((index) => places[index]!);
      const tokens = asked ?? longest(texts, wanted);
      const padded =
        varied === undefined || epoch === undefined
          ? padTokens(texts, { indices: wanted, tokens }, padId)
          : variedTokens(texts, { places: wanted, tokens, epoch }, padId, varied);
      return { [input]: padded.ids, [mask]: padded.mask };
    },
  };
}

/** All of a source of sequences but its values. */
export function sequencesOf({ texts, places, targets, paddings }: TextPart): Omit<SampleSource<number>, "feed"> {
  return {
    length: places.length,
    targets,
    lengths: places.map((place) => texts.ids[place]!.length),
    ...(paddings && { paddings }),
  };
}

/** Tokens of the longest of some texts. */
export function longest({ ids }: TokenizedTexts, places: readonly number[]): number {
  return places.reduce((most, place) => Math.max(most, ids[place]!.length), 1);
}
