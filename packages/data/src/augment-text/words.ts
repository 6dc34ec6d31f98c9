import type { TextVocabulary } from "./text-augmentation.ts";

/** The tokens of one word: places from `start` up to, not including, `end`. */
export interface Word {
  readonly start: number;
  readonly end: number;
}

/** The words of a text in their order, each with all its pieces; special tokens are none and end the word before. */
export function wordsOf(ids: Int32Array, vocabulary: TextVocabulary): Word[] {
  const words: { start: number; end: number }[] = [];
  let previous: string | undefined;
  for (const [at, id] of ids.entries()) {
    if (vocabulary.isSpecial(id)) {
      previous = undefined;
      continue;
    }
    const token = vocabulary.tokenOf(id) ?? "";
    if (previous === undefined || startsWord(token, previous, vocabulary.model)) words.push({ start: at, end: at + 1 });
    else words.at(-1)!.end = at + 1;
    previous = token;
  }
  return words;
}

/** Whether a piece begins a word: WordPiece marks what goes on, byte-level and SentencePiece what begins, CLIP what ends. */
function startsWord(token: string, previous: string, model: string): boolean {
  if (model === "wordpiece") return !token.startsWith("##");
  return model === "wordlevel" || /^[Ġ▁]/.test(token) || previous.endsWith("</w>");
}
