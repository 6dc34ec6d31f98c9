import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { minilmL6 } from "@graft-ml/backbones";
import type { Backbone, Graph, RunEvent, Tensors, TextPreprocessing } from "@graft-ml/core";
import { type TextDataset, type TextTokenizer, textTable } from "@graft-ml/data";
import { cut } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { extractTexts } from "./text-features.ts";
import { textSupply, tokenizerOf } from "./text-supply.ts";
import { textValueSource } from "./text-values.ts";
import { checkVocabulary } from "./text-vocabulary.ts";
import { sentences, textsTable } from "./texts.fixture.ts";

let scratch: string;
let file: string;
let dataset: TextDataset;
let backbone: Backbone<TextPreprocessing>;
let tokenizer: TextTokenizer;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-text-supply-"));
  file = await textsTable(sentences(12));
  dataset = await textTable(file, { test: 0.25 });
  backbone = await minilmL6().load();
  tokenizer = await tokenizerOf(backbone);
}, 60_000);
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
  await rm(dirname(file), { recursive: true, force: true });
});
const supplyIn = (cache: string) => textSupply({ cache: join(scratch, cache) }, dataset, backbone, tokenizer);

async function run(graph: Graph, inputs: Tensors): Promise<Float32Array> {
  const program = await (await openEngine("onnxruntime")).prepare(graph);
  const results = await program.run(inputs);
  await program.release();
  return results[graph.outputs[0]!.name]!.data as Float32Array;
}

function difference(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

/** Features of the same samples by the whole graph. */
async function features(indices: readonly number[], tokens: number): Promise<Float32Array> {
  const { train } = await supplyIn("none").at(backbone.card.input);
  return run(backbone.graph, await train.feed({ indices, tokens }));
}

const INDICES = [3, 0, 7, 7];

describe("at a boundary of hidden states", () => {
  const at = () => backbone.groups.find(({ name }) => name === "encoder.2")!.boundary;

  test("what is fed gives the features that the whole network gives, whatever the padding", async () => {
    const { train, extracted, testSamples, test: held } = await supplyIn("hidden").at(at());
    expect(extracted).toMatchObject({ hits: 0, misses: 24, failed: [] });
    expect([train.length, held.length, testSamples.length]).toEqual([18, 6, 6]);
    expect(new Set(train.lengths).size).toBeGreaterThan(2);
    expect(train.paddings).toEqual(held.paddings);
    expect(train.paddings!.at(-1)).toBeGreaterThanOrEqual(Math.max(...train.lengths!, ...held.lengths!));
    const { suffix } = cut(backbone.graph, [at()]);
    for (const tokens of [40, 64]) {
      const fed = await train.feed({ indices: INDICES, tokens });
      expect(Object.keys(fed).sort()).toEqual([at(), backbone.card.preprocessing.mask].sort());
      expect(fed[at()]!.dims).toEqual([4, tokens, 384]);
      expect(difference(await run(suffix, fed), await features(INDICES, tokens))).toBeLessThan(2e-3);
    }
    const longest = await train.feed({ indices: INDICES });
    expect(longest[at()]!.dims[1]).toBe(Math.max(...INDICES.map((i) => train.lengths![i]!)));
  });

  test("the store has them the next time, and only new texts are made", async () => {
    const first = await supplyIn("again").at(at());
    const second = await supplyIn("again").at(at());
    expect(second.extracted).toMatchObject({ hits: 24, misses: 0 });
    const fed = async ({ train }: typeof first) => (await train.feed({ indices: INDICES, tokens: 32 }))[at()]!.data;
    expect(await fed(second)).toEqual(await fed(first));
  });

  test("what does not fit into memory is read batch by batch, to the same values", async () => {
    const texts = await tokenizer.tokenize(
      dataset.samples.map(({ text }) => text),
      { maxTokens: 256 },
    );
    const hashes = dataset.samples.map(({ sha256 }) => sha256);
    const extracted = await extractTexts(backbone, at(), texts, hashes, {
      engine: await openEngine("onnxruntime"),
      tokenizer,
      cache: join(scratch, "again"),
    });
    const part = { texts, places: [5, 2, 9, 11], targets: [0, 0, 0, 0] };
    const fed = async (inMemory: number): Promise<unknown> => {
      const source = await textValueSource(extracted, part, hashes, { boundary: at(), padId: 0, inMemory });
      return source.feed({ indices: [2, 0, 1], tokens: 40 });
    };
    expect(await fed(0)).toEqual(await fed(1e9));
  });
});

test("features are one row a text, without lengths or mask", async () => {
  const { train, extracted } = await supplyIn("features").at("features");
  const fed = await train.feed({ indices: INDICES });
  expect(Object.keys(fed)).toEqual(["features"]);
  expect(fed.features!.dims).toEqual([4, 384]);
  expect(train.lengths).toBeUndefined();
  expect(difference(fed.features!.data as Float32Array, await features(INDICES, 48))).toBeLessThan(1e-3);
  expect(extracted!.space.bytes).toBe(24 * 384 * 2);
});

test("a text that is there twice runs once", async () => {
  const twice = [0, 1, 0, 1, 1].map((i) => dataset.samples[i]!.text);
  const texts = await tokenizer.tokenize(twice, { maxTokens: 256 });
  const seen: RunEvent[] = [];
  const extracted = await extractTexts(
    backbone,
    "features",
    texts,
    ["a0".repeat(8), "b0".repeat(8), "a0".repeat(8), "b0".repeat(8), "b0".repeat(8)],
    {
      engine: await openEngine("onnxruntime"),
      tokenizer,
      cache: join(scratch, "twice"),
      control: { onEvent: (event) => void seen.push(event) },
    },
  );
  expect(extracted).toMatchObject({ hits: 3, misses: 2 });
  expect(seen.at(-1)).toEqual({ type: "progress", stage: "features", done: 2, total: 2 });
});

test("long texts lose their end, and that is counted and told", async () => {
  const long = await textTable(
    await textsTable([
      ["word ".repeat(400), "a"],
      ["short", "b"],
      ["other word", "a"],
    ]),
    { test: 0 },
  );
  const notices: string[] = [];
  const control = { onEvent: (event: RunEvent) => void (event.type === "notice" && notices.push(event.message)) };
  const supply = textSupply({ cache: join(scratch, "long"), control }, long, backbone, tokenizer);
  const { train } = await supply.at(backbone.card.input);
  expect(await supply.truncated()).toBe(1);
  expect(Math.max(...train.lengths!)).toBe(256);
  expect(notices).toEqual(["1 of 3 texts have more than 256 tokens; what is beyond is not read"]);
});

test("a tokenizer with ids beyond the table of words is refused", () => {
  const { graph, card } = backbone;
  checkVocabulary("graft/transfer", "the model", graph, card.input, tokenizer);
  expect(() => checkVocabulary("graft/transfer", "the model", graph, card.input, { size: 40_000 })).toThrow(
    "[graft/transfer] the model knows 30522 tokens; its tokenizer.json has 40000. Put the tokenizer beside it that it was trained with",
  );
});

test("a backbone without a tokenizer says what is missing", async () => {
  const { tokenizer: _, ...bare } = backbone;
  await expect(tokenizerOf(bare)).rejects.toThrow(
    '[graft/transfer] "minilm-l6" has no tokenizer.json. Put it beside the model, or name it by the option tokenizer',
  );
});
