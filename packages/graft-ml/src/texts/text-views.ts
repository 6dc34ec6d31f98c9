import {
  augmentText,
  drawnView,
  padTokens,
  type TextAugmentation,
  type TextVocabulary,
  type TokenizedTexts,
  type TokenSequence,
  viewHash,
  viewRandom,
  visitRandom,
} from "@graft-ml/data";
import type { SampleSource } from "@graft-ml/trainers";
import type { SampleViews } from "../pictures/views.ts";
import type { TextPart } from "./text-source.ts";

/** Texts with further views behind them, each a text of its own. */
export interface ViewedTexts {
  readonly texts: TokenizedTexts;
  /** What each is kept under. */
  readonly hashes: readonly string[];
  /** Place of one view of the text at a place; view 0 is the text. */
  placeOf(place: number, view: number): number;
}

/** Adds the views of the texts that are trained on. */
export function withViews(
  texts: TokenizedTexts,
  hashes: readonly string[],
  trained: readonly number[],
  { list, description, count, seed }: SampleViews<TextAugmentation>,
  vocabulary: TextVocabulary,
): ViewedTexts {
  const made = Array.from({ length: count - 1 }, (_, i) =>
    trained.map((place) => ({
      hash: viewHash(hashes[place]!, i + 1, description, seed),
      text: augmentText(textAt(texts, place), list, vocabulary, viewRandom(seed, i + 1, hashes[place]!)),
    })),
  ).flat();
  const order = new Map(trained.map((place, i) => [place, i]));
  return {
    texts: {
      ...texts,
      ids: [...texts.ids, ...made.map(({ text }) => text.ids)],
      ...(texts.types && { types: [...texts.types, ...made.map(({ text }) => text.types!)] }),
    },
    hashes: [...hashes, ...made.map(({ hash }) => hash)],
    placeOf: (place, view) => (view === 0 ? place : texts.ids.length + (view - 1) * trained.length + order.get(place)!),
  };
}

/** The part of all views of a part, view after view. */
export function viewedPart(part: TextPart, viewed: ViewedTexts, count: number): TextPart {
  const views = Array.from({ length: count }, (_, view) => view);
  return {
    ...part,
    texts: viewed.texts,
    places: views.flatMap((view) => part.places.map((place) => viewed.placeOf(place, view))),
    targets: views.flatMap(() => part.targets),
  };
}

/** Samples of which training draws one view a visit, from a source of all their views. */
export function drawingViews(
  rows: SampleSource<number>,
  { texts, places, targets, paddings }: TextPart,
  hashes: readonly string[],
  { seed, count }: SampleViews<TextAugmentation>,
): SampleSource<number> {
  const drawn = (index: number, epoch: number): number => drawnView(seed, epoch, hashes[places[index]!]!, count);
  return {
    length: places.length,
    targets,
    // A view is never longer than its text.
    ...(rows.lengths && { lengths: places.map((place) => texts.ids[place]!.length), ...(paddings && { paddings }) }),
    views: count,
    drawn,
    feed: ({ indices, tokens, epoch, view }) =>
      rows.feed({
        indices: indices.map(
          (index) => index + places.length * (view ?? (epoch === undefined ? 0 : drawn(index, epoch))),
        ),
        ...(tokens !== undefined && { tokens }),
      }),
  };
}

/** How the token ids that training is fed are varied, another way at every visit. */
export interface VariedTokens {
  readonly list: readonly TextAugmentation[];
  readonly vocabulary: TextVocabulary;
  readonly seed: number;
  /** Of every text. */
  readonly hashes: readonly string[];
}

/** The tensors of a batch of texts as an epoch shows them. */
export function variedTokens(
  texts: TokenizedTexts,
  { places, tokens, epoch }: { readonly places: readonly number[]; readonly tokens: number; readonly epoch: number },
  padId: number,
  { list, vocabulary, seed, hashes }: VariedTokens,
): ReturnType<typeof padTokens> {
  const shown = places.map((place) =>
    augmentText(textAt(texts, place), list, vocabulary, visitRandom(seed, epoch, hashes[place]!)),
  );
  const changed = {
    ...texts,
    ids: shown.map(({ ids }) => ids),
    ...(texts.types && { types: shown.map(({ types }) => types!) }),
  };
  return padTokens(changed, { indices: places.map((_, i) => i), tokens }, padId);
}

function textAt({ ids, types }: TokenizedTexts, place: number): TokenSequence {
  return { ids: ids[place]!, ...(types && { types: types[place]! }) };
}
