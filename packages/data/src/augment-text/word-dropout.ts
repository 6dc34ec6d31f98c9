import { choiceOption, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { maskOf, type TextAugmentation } from "./text-augmentation.ts";
import { wordsOf } from "./words.ts";

const WHERE = "augment/word-dropout";

/**
 * Leaves each word out with probability `p` (Iyyer et al., ACL 2015, section 3.1); one at least stays. A word goes with all its pieces.
 * `by` *mask* puts the mask token in its place, where the tokenizer has one, *removal* nothing. Defaults: p 0.1, by *mask*.
 */
export function wordDropout(options: PlainOptions = {}): TextAugmentation {
  onlyOptions(WHERE, options, ["p", "by"]);
  const p = numberOption(WHERE, options, "p", 0.1, { min: 0, max: 1 });
  const by = choiceOption(WHERE, options, "by", "mask", ["mask", "removal"]);
  return {
    of: "texts",
    name: "word-dropout",
    summary: "leave a tenth of the words out",
    options: { p, by },
    change(text, vocabulary, random) {
      const words = wordsOf(text.ids, vocabulary);
      const dropped = words.filter(() => random.uniform() < p);
      if (dropped.length === words.length && words.length > 0) dropped.splice(random.integer(dropped.length), 1);
      if (dropped.length === 0) return text;
      const mask = by === "mask" ? maskOf(vocabulary) : undefined;
      if (mask !== undefined) {
        const ids = Int32Array.from(text.ids);
        for (const { start, end } of dropped) ids.fill(mask, start, end);
        return { ...text, ids };
      }
      const gone = new Set(
        dropped.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
      );
      const stays = (_: number, at: number): boolean => !gone.has(at);
      return { ids: text.ids.filter(stays), ...(text.types && { types: text.types.filter(stays) }) };
    },
  };
}
