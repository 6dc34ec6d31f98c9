import { seededRandom } from "@graft-ml/core";
import { describe, expect, test } from "vitest";
import * as augmentations from "./index.ts";
import { augmentText, type TextVocabulary, type TokenSequence } from "./text-augmentation.ts";
import { wordsOf } from "./words.ts";

const MASK = 4;
const TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##believ", "##able", "a", "great", "film", "bad"];
const wordpiece: TextVocabulary = {
  model: "wordpiece",
  idOf: (token) => (TOKENS.includes(token) ? TOKENS.indexOf(token) : undefined),
  tokenOf: (id) => TOKENS[id],
  isSpecial: (id) => id < 5,
};

/** [CLS] a un##believ##able great film [SEP] bad film [SEP] */
const text: TokenSequence = {
  ids: Int32Array.of(2, 8, 5, 6, 7, 9, 10, 3, 11, 10, 3),
  types: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1),
};

const DRAWS = 3000;
const draw = (change: (seed: number) => TokenSequence): TokenSequence[] =>
  Array.from({ length: DRAWS }, (_, seed) => change(seed));

test.each([
  [
    "wordpiece",
    ["[CLS]", "un", "##believ", "##able", "film", "[SEP]"],
    [
      [1, 4],
      [4, 5],
    ],
  ],
  [
    "bpe",
    ["<s>", "un", "believ", "Ġfilm", "s", "</s>"],
    [
      [1, 3],
      [3, 5],
    ],
  ],
  [
    "unigram",
    ["▁un", "believ", "▁film", "</s>"],
    [
      [0, 2],
      [2, 3],
    ],
  ],
  [
    "bpe",
    ["<s>", "un", "believ</w>", "film</w>", "</s>"],
    [
      [1, 3],
      [3, 4],
    ],
  ],
  [
    "wordlevel",
    ["un", "film"],
    [
      [0, 1],
      [1, 2],
    ],
  ],
])("finds whole words of %s", (model, tokens, expected) => {
  const vocabulary = {
    ...wordpiece,
    model,
    tokenOf: (id: number) => tokens[id],
    isSpecial: (id: number) => /^[[<]/.test(tokens[id]!),
  };
  const words = wordsOf(Int32Array.from(tokens.keys()), vocabulary);
  expect(words.map(({ start, end }) => [start, end])).toEqual(expected);
});

describe.each(Object.entries(augmentations))("%s", (_, factory) => {
  test("keeps special tokens, never grows, and leaves the text alone", () => {
    const before = Int32Array.from(text.ids);
    for (const { ids, types } of draw((seed) => factory().change(text, wordpiece, seededRandom(seed)))) {
      expect(ids.length).toBeLessThanOrEqual(text.ids.length);
      expect(types).toHaveLength(ids.length);
      expect([...ids].filter((id) => id < MASK)).toEqual([2, 3, 3]);
    }
    expect(text.ids).toEqual(before);
  });

  test("does the same by the same stream, and nothing to a text without words", () => {
    const twice = [0, 1].map(() => factory().change(text, wordpiece, seededRandom(5)));
    expect(twice[0]).toEqual(twice[1]);
    const empty = { ids: Int32Array.of(2, 3) };
    expect(factory().change(empty, wordpiece, seededRandom(0)).ids).toEqual(empty.ids);
  });
});

test("word dropout takes whole words, each as often as it should", () => {
  const texts = draw((seed) => augmentations.wordDropout({ p: 0.3 }).change(text, wordpiece, seededRandom(seed)));
  const masked = texts.map(({ ids }) => wordsOf(text.ids, wordpiece).map(({ start, end }) => ids.subarray(start, end)));
  for (const word of [0, 1, 2, 3, 4, 5]) {
    const gone = masked.filter((words) => words[word]![0] === MASK);
    expect(gone.every((words) => words[word]!.every((id) => id === MASK))).toBe(true);
    expect(Math.abs(gone.length / DRAWS - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / DRAWS));
  }
});

test("word dropout by removal shortens text and types alike, and leaves one word", () => {
  const shortened = augmentations.wordDropout({ p: 1, by: "removal" }).change(text, wordpiece, seededRandom(1));
  expect(wordsOf(shortened.ids, wordpiece)).toHaveLength(1);
  expect(shortened.types).toHaveLength(shortened.ids.length);
  // Without a mask token there is nothing to put in a word's place.
  const maskless = { ...wordpiece, idOf: () => undefined };
  expect(augmentations.wordDropout({ p: 1 }).change(text, maskless, seededRandom(1))).toEqual(shortened);
});

test("span masking masks the share that it should, in spans of geometric length", () => {
  const ids = Int32Array.from({ length: 402 }, (_, i) => (i === 0 ? 2 : i === 401 ? 3 : 8 + (i % 4)));
  const lengths: number[] = [];
  for (let seed = 0; seed < 200; seed++) {
    const masked = augmentations.spanMasking().change({ ids }, wordpiece, seededRandom(seed)).ids;
    expect(masked.filter((id) => id === MASK)).toHaveLength(60);
    const spans = masked.join(",").match(/(?<![^,])4(?:,4)*(?![^,])/g)!;
    lengths.push(...spans.map((span) => span.split(",").length));
  }
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  // Σ l · 0.2 · 0.8^(l−1) / (1 − 0.8¹⁰) = 3.80, as in the paper; spans that meet count as one here, the last is cut.
  expect(mean).toBeGreaterThan(3.6);
  expect(mean).toBeLessThan(4.5);
  expect(lengths.filter((length) => length === 1).length / lengths.length).toBeGreaterThan(0.15);
});

test("span masking needs a mask token", () => {
  const maskless = { ...wordpiece, idOf: () => undefined };
  expect(() => augmentations.spanMasking().change(text, maskless, seededRandom(0))).toThrow(
    "[augment/span-masking] expected a tokenizer with a mask token, [MASK] or <mask>; this one has none. Use word-dropout",
  );
});

test("a list changes a text in its order", () => {
  const list = [augmentations.wordDropout({ p: 1, by: "removal" }), augmentations.spanMasking({ share: 1 })];
  const { ids } = augmentText(text, list, wordpiece, seededRandom(0));
  expect([...ids].filter((id) => id >= MASK).every((id) => id === MASK)).toBe(true);
  expect(augmentText(text, [], wordpiece, seededRandom(0))).toBe(text);
});
