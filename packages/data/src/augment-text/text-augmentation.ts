import type { PlainOptions, Random } from "@graft-ml/core";
import type { TextTokenizer } from "../tokenize.ts";

/** What augmentations of texts need to know of tokens. */
export type TextVocabulary = Pick<TextTokenizer, "model" | "idOf" | "tokenOf" | "isSpecial">;

/** One text as a network takes it. */
export interface TokenSequence {
  /** Special tokens included. */
  readonly ids: Int32Array;
  /** Which text of a pair a token is of; only of pairs. */
  readonly types?: Uint8Array;
}

/** A random change of texts that leaves what they say as it is, more or less. Seeded: the same stream makes the same change. */
export interface TextAugmentation {
  readonly of: "texts";
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** All that decides what it does, defaults filled in; plain JSON, which views are kept under. */
  readonly options: PlainOptions;
  /** Changes a text, which stays as it is itself; special tokens stay, and no text grows. */
  change(text: TokenSequence, vocabulary: TextVocabulary, random: Random): TokenSequence;
}

/** One random version of a text: changed by each of the list in its order. The same stream makes the same version. */
export function augmentText(
  text: TokenSequence,
  list: readonly TextAugmentation[],
  vocabulary: TextVocabulary,
  random: Random,
): TokenSequence {
  return list.reduce((changed, { change }) => change(changed, vocabulary, random), text);
}

/** The id that stands for a word that is not shown, where the tokenizer has one. */
export function maskOf(vocabulary: TextVocabulary): number | undefined {
  return vocabulary.idOf("[MASK]") ?? vocabulary.idOf("<mask>");
}
