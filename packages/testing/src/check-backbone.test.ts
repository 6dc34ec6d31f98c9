import type { Backbone, BackboneCard, BackboneSource, TextPreprocessing } from "@graft-ml/core";
import { describe, expect, it, test } from "vitest";
import { tinyTextBackbone } from "./backbone/tiny-text-backbone.ts";
import { runChecks } from "./check.ts";
import { checkBackbone } from "./check-backbone.ts";
import { failing, failureOf } from "./failing.fixture.ts";
import { tinyBackbone } from "./freezing/tiny-backbone.ts";

function source(change: (good: Backbone) => Partial<Backbone> = () => ({})): () => BackboneSource {
  const good = tinyBackbone();
  return () => ({
    name: "tiny",
    summary: "random weights, for tests",
    load: async () => ({ ...good, ...change(good) }),
  });
}

function card(change: Partial<BackboneCard>): () => BackboneSource {
  return source((good) => ({ card: { ...good.card, ...change } }));
}

const preprocessing = tinyBackbone().card.preprocessing;
const CARD = "the card is complete and plausible";
const TOKENIZER = "the tokenizer of texts is the one on the card";
const ORDER = "groups go from input to output";
const COMPLETE = "every weight is in exactly one group";

describe("a good backbone", () => runChecks(checkBackbone(source(), { name: "tiny" }), test));

const DEFECTS: readonly [defect: string, factory: () => BackboneSource, check: string, message: string][] = [
  ["a card of another model", card({ id: "other" }), CARD, `expected the card's id to be "tiny"`],
  ["no licence", card({ licence: "" }), CARD, "expected the card's licence to be one line"],
  ["a hash that is none", card({ sha256: "abc" }), CARD, "expected sha256 in 64 hexadecimal digits"],
  ["no source", card({ source: {} }), CARD, "source is empty"],
  [
    "a deviation for pixels of 0..1",
    card({ preprocessing: { ...preprocessing, std: [0.229, 0.224, 0.225] } }),
    CARD,
    "expected a std of 3 pixel values",
  ],
  [
    "a crop in per cent",
    card({ preprocessing: { ...preprocessing, crop: 87.5 } }),
    CARD,
    "expected preprocessing.crop in (0, 1]",
  ],
  [
    "an accuracy in per cent",
    card({ accuracy: { top1: 75.1, source: "x" } }),
    CARD,
    "expected accuracy.top1 between 0 and 1",
  ],
  [
    "an input that the graph lacks",
    card({ input: "picture" }),
    "the graph is the one on the card",
    'expected an input "picture"',
  ],
  [
    "another size",
    card({ preprocessing: { ...preprocessing, size: 8 } }),
    "the graph is the one on the card",
    "to be [batch, 3, 8, 8]",
  ],
  ["another width", card({ numFeatures: 5 }), "the graph is the one on the card", "expected features [batch, 5]"],
  ["another count", card({ parameters: 7 }), "the card's parameters are the graph's", "received 7"],
  [
    "groups back to front",
    source(({ groups }) => ({ groups: [...groups].reverse() })),
    ORDER,
    "ends at or before the group in front of it",
  ],
  [
    "two groups of one name",
    source(({ groups }) => ({ groups: groups.map((group) => ({ ...group, name: "x" })) })),
    ORDER,
    '"x" appears twice',
  ],
  [
    "a boundary that carries only a part",
    source(({ groups }) => ({
      groups: groups.map((group, i) => (i === 0 ? { ...group, boundary: "blocks.0.norm.mean" } : group)),
    })),
    ORDER,
    '"blocks.0.norm.mean" is no such value',
  ],
  [
    "weights that are missed",
    source(({ groups }) => ({ groups: groups.slice(1) })),
    COMPLETE,
    '"blocks.0.conv.weight" is in none',
  ],
  [
    "weights in two groups",
    source(({ groups }) => ({
      groups: groups.map((group, i) => (i === 1 ? { ...group, initializers: groups[0]!.initializers } : group)),
    })),
    COMPLETE,
    'it is in "blocks.0" and "blocks.1"',
  ],
  [
    "weights in the wrong group",
    source(({ groups: [a, b, c] }) => ({
      groups: [{ ...a!, initializers: b!.initializers }, { ...b!, initializers: a!.initializers }, c!],
    })),
    COMPLETE,
    'the boundary of group "blocks.0"',
  ],
];

describe("each defect is caught by the check of its name", () => {
  it.each(DEFECTS)("%s", async (_, factory, check, message) => {
    expect(await failureOf(checkBackbone(factory, { name: "tiny" }), check)).toContain(message);
  });
});

function textSource(change: (good: Backbone<TextPreprocessing>) => Partial<Backbone<TextPreprocessing>> = () => ({})) {
  const good = tinyTextBackbone(2, new URL("tiny-tokenizer.fixture.json", import.meta.url));
  return (): BackboneSource<TextPreprocessing> => ({
    name: "tiny-text",
    summary: "random words, for tests",
    load: async () => ({ ...good, ...change(good) }),
  });
}

function textCard(change: Partial<TextPreprocessing>): () => BackboneSource<TextPreprocessing> {
  return textSource(({ card }) => ({ card: { ...card, preprocessing: { ...card.preprocessing, ...change } } }));
}

describe("a good backbone for text", () => runChecks(checkBackbone(textSource(), { name: "tiny-text" }), test));

const TEXT_DEFECTS: readonly [
  defect: string,
  factory: () => BackboneSource<TextPreprocessing>,
  check: string,
  message: string,
][] = [
  ["no room for a word", textCard({ maxTokens: 2 }), CARD, "above the 2 special tokens; received 2"],
  ["a padding that is no id", textCard({ padId: -1 }), CARD, "expected preprocessing.padId to be a token's id"],
  ["a mask without a name", textCard({ mask: "" }), CARD, "expected preprocessing.mask to be one line"],
  [
    "a pooling that there is not",
    textCard({ pooling: "sum" as "mean" }),
    CARD,
    'expected preprocessing.pooling to be one of mean, cls, last, max, none; received "sum"',
  ],
  [
    "features of every token, and a graph that pools them",
    textCard({ pooling: "none" }),
    "the graph is the one on the card",
    "expected features [batch, tokens, 4]; received [batch, 4]",
  ],
  [
    "no tokenizer",
    textSource(() => ({ tokenizer: undefined }) as unknown as Partial<Backbone<TextPreprocessing>>),
    TOKENIZER,
    "expected a tokenizer.json of this machine; received undefined",
  ],
  [
    "a tokenizer of another kind",
    textCard({ tokenizer: "bpe" }),
    TOKENIZER,
    'expected a bpe tokenizer, as the card says; received "WordPiece"',
  ],
  [
    "a tokenizer with another hash",
    textCard({ tokenizerSha256: "0".repeat(64) }),
    TOKENIZER,
    `expected a tokenizer with the card's sha256 ${"0".repeat(64)}; received `,
  ],
  [
    "a mask that the graph lacks",
    textCard({ mask: "attention" }),
    "the graph is the one on the card",
    'expected an input "attention" of the shape of "ids"; received undefined',
  ],
  [
    "ids of another shape",
    textSource(({ graph }) => ({
      graph: {
        ...graph,
        inputs: graph.inputs.map((input) => (input.name === "ids" ? { ...input, dims: ["batch", 8] } : input)),
      },
    })),
    "the graph is the one on the card",
    'expected input "ids" to be [batch, tokens]; received [batch, 8]',
  ],
];

describe("each defect of a backbone for text is caught by the check of its name", () => {
  it.each(TEXT_DEFECTS)("%s", async (_, factory, check, message) => {
    expect(await failureOf(checkBackbone(factory, { name: "tiny-text" }), check)).toContain(message);
  });
});

it("loads the weights once for all checks", async () => {
  let loads = 0;
  const counted = (): BackboneSource => ({
    ...source()(),
    async load() {
      loads++;
      return tinyBackbone();
    },
  });
  expect(await failing(checkBackbone(counted))).toEqual({});
  expect(loads).toBe(1);
});
