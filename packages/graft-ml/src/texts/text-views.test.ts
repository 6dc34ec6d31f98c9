import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { minilmL6 } from "@graft-ml/backbones";
import type { Backbone, Graph, Tensors, TextPreprocessing } from "@graft-ml/core";
import { augmentations, type TextDataset, type TextTokenizer, textAugmentations, textTable } from "@graft-ml/data";
import { cut } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import type { SampleBatch, SampleSource } from "@graft-ml/trainers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allRows } from "../features.ts";
import { textSupply, tokenizerOf } from "./text-supply.ts";
import { sentences, textsTable } from "./texts.fixture.ts";

let scratch: string;
let file: string;
let dataset: TextDataset;
let backbone: Backbone<TextPreprocessing>;
let tokenizer: TextTokenizer;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-text-views-"));
  file = await textsTable(sentences(12));
  dataset = await textTable(file, { test: 0.25 });
  backbone = await minilmL6().load();
  tokenizer = await tokenizerOf(backbone);
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
  await rm(dirname(file), { recursive: true, force: true });
});

const dropout = [textAugmentations.wordDropout({ p: 0.4 })];
const supplyIn = (cache: string, options: Omit<Parameters<typeof textSupply>[0], "cache"> = {}) =>
  textSupply({ cache: join(scratch, cache), ...options }, dataset, backbone, tokenizer);

async function run(graph: Graph, inputs: Tensors): Promise<number[]> {
  const program = await (await openEngine("onnxruntime")).prepare(graph);
  const results = await program.run(inputs);
  await program.release();
  return [...(results[graph.outputs[0]!.name]!.data as Float32Array)];
}

function near(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst).toBeLessThan(2e-3);
}

const INDICES = [3, 0, 7];
const idsOf = async (source: SampleSource, batch: SampleBatch): Promise<number[]> => {
  const { [backbone.card.input]: ids } = await source.feed(batch);
  return Array.from(ids!.data as BigInt64Array, Number);
};

test("training from the tokens on sees another version at every visit, the same after a stop; measuring the text", async () => {
  const { card } = backbone;
  const plain = await supplyIn("none").at(card.input);
  const { train } = await supplyIn("none", { augmentation: dropout, seed: 3 }).at(card.input);
  const again = await supplyIn("none", { augmentation: dropout, seed: 3 }).at(card.input);
  const asked = { indices: INDICES, tokens: 32 };
  const original = await idsOf(plain.train, asked);
  expect(await idsOf(train, asked)).toEqual(original);
  const visits = await Promise.all([0, 1, 2].map((epoch) => idsOf(train, { ...asked, epoch })));
  expect(new Set([original, ...visits].map(String)).size).toBe(4);
  expect(await idsOf(again.train, { ...asked, epoch: 1 })).toEqual(visits[1]);
  const mask = tokenizer.idOf("[MASK]")!;
  for (const visit of visits) {
    for (const [i, id] of visit.entries()) if (id !== original[i]) expect(id).toBe(mask);
  }
  const special = original.flatMap((id, i) => (tokenizer.isSpecial(id) ? [i] : []));
  expect(special.length).toBeGreaterThan(6);
  for (const visit of visits) expect(special.map((i) => visit[i])).toEqual(special.map((i) => original[i]));
  expect(tokenizer.tokenOf(original[0]!)).toBe("[CLS]");
  // Batches of other company show the same.
  expect((await idsOf(train, { indices: [0], tokens: 32, epoch: 1 })).join()).toBe(visits[1]!.slice(32, 64).join());
});

test("views below a frozen boundary are the features of the views, each made once", async () => {
  const { card } = backbone;
  const plain = await supplyIn("features").at(card.features);
  expect(plain.extracted).toMatchObject({ hits: 0, misses: 24 });
  const options = { augmentation: dropout, views: 3, seed: 1 };
  const viewed = await supplyIn("features", options).at(card.features);
  expect(viewed.extracted).toMatchObject({ hits: 24, misses: 36 });
  expect((await supplyIn("features", options).at(card.features)).extracted).toMatchObject({ hits: 60, misses: 0 });
  expect((await supplyIn("features", { ...options, seed: 2 }).at(card.features)).extracted).toMatchObject({ hits: 24 });

  const { train } = viewed;
  expect([train.length, train.views, viewed.test.views ?? 1]).toEqual([18, 3, 1]);
  const rows = async (batch: SampleBatch): Promise<number[]> => [
    ...((await train.feed(batch))[card.features]!.data as Float32Array),
  ];
  const own = [...((await plain.train.feed({ indices: INDICES }))[card.features]!.data as Float32Array)];
  expect(await rows({ indices: INDICES })).toEqual(own);
  expect(await rows({ indices: INDICES, view: 0 })).toEqual(own);
  const kinds = new Set<string>();
  for (let epoch = 0; epoch < 20; epoch++) {
    const shown = await rows({ indices: [3], epoch });
    expect(shown).toEqual(await rows({ indices: [3], view: train.drawn!(3, epoch) }));
    kinds.add(String(shown));
  }
  expect(kinds.size).toBe(3);
  const solved = await allRows(card.features, train);
  expect([solved.labels.length, solved.groups!.length, solved.features.length]).toEqual([54, 54, 54 * 384]);
});

test("views of hidden states go through the rest of the network as the texts would, shorter ones too", async () => {
  const { card } = backbone;
  const boundary = backbone.groups.find(({ name }) => name === "encoder.2")!.boundary;
  const shortened = [textAugmentations.wordDropout({ p: 0.4, by: "removal" })];
  const options = { augmentation: shortened, views: 2 };
  const hidden = (await supplyIn("hidden", options).at(boundary)).train;
  const features = (await supplyIn("hidden", options).at(card.features)).train;
  expect(hidden.lengths).toEqual((await supplyIn("hidden").at(boundary)).train.lengths);
  const { suffix } = cut(backbone.graph, [boundary]);
  for (const view of [0, 1]) {
    const fed = await hidden.feed({ indices: INDICES, tokens: 48, view });
    const expected = (await features.feed({ indices: INDICES, view }))[card.features]!.data as Float32Array;
    near(await run(suffix, fed), [...expected]);
  }
  const { mask } = card.preprocessing;
  const present = async (view: number): Promise<number> =>
    Array.from((await hidden.feed({ indices: INDICES, view }))[mask]!.data as BigInt64Array, Number).reduce(
      (a, b) => a + b,
    );
  expect(await present(1)).toBeLessThan(await present(0));
});

test("refuses augmentation of pictures", () => {
  expect(() => supplyIn("none", { augmentation: [augmentations.horizontalFlip()] })).toThrow(
    '[graft/augmentation] "horizontal-flip" changes pictures; the data are texts. Leave it out',
  );
});
