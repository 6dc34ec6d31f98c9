import { fail, numberOption, onlyOptions, type PlainOptions, type Random } from "@graft-ml/core";
import { maskOf, type TextAugmentation } from "./text-augmentation.ts";
import { wordsOf } from "./words.ts";

const WHERE = "augment/span-masking";

/**
 * Masks spans of whole words until `share` of a text's tokens are masked; lengths in words are geometric, `p` being the chance that a
 * span ends after each word, and at most `longest` (SpanBERT, Joshi et al., TACL 2020, section 3.1). All are masked, none replaced.
 * Defaults: share 0.15, p 0.2, longest 10. Needs a tokenizer with a mask token.
 */
export function spanMasking(options: PlainOptions = {}): TextAugmentation {
  onlyOptions(WHERE, options, ["share", "p", "longest"]);
  const share = numberOption(WHERE, options, "share", 0.15, { min: 0, max: 1 });
  const p = numberOption(WHERE, options, "p", 0.2, { min: 0.01, max: 1 });
  const longest = numberOption(WHERE, options, "longest", 10, { min: 1, integer: true });
  return {
    of: "texts",
    name: "span-masking",
    summary: "mask spans of words, 15 % of the tokens",
    options: { share, p, longest },
    change(text, vocabulary, random) {
      const mask = maskOf(vocabulary);
      if (mask === undefined) {
        throw fail(
          WHERE,
          "expected a tokenizer with a mask token, [MASK] or <mask>; this one has none. Use word-dropout",
        );
      }
      const words = wordsOf(text.ids, vocabulary);
      const tokens = words.reduce((sum, { start, end }) => sum + end - start, 0);
      let left = Math.ceil(share * tokens);
      const ids = Int32Array.from(text.ids);
      const masked = new Set<number>();
      while (left > 0) {
        const length = spanLength(p, longest, random);
        const first = random.integer(words.length);
        for (let at = first; at < Math.min(first + length, words.length) && left > 0; at++) {
          if (masked.has(at)) continue;
          masked.add(at);
          const { start, end } = words[at]!;
          ids.fill(mask, start, end);
          left -= end - start;
        }
      }
      return { ...text, ids };
    },
  };
}

/** A geometric length cut off at `longest`: lengths above it are drawn again, by the inverse of the distribution. */
function spanLength(p: number, longest: number, random: Random): number {
  if (p === 1) return 1;
  const within = 1 - (1 - p) ** longest;
  return Math.min(longest, Math.floor(Math.log(1 - random.uniform() * within) / Math.log(1 - p)) + 1);
}
