import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { efficientnetLite0, minilmL6 } from "@graft-ml/backbones";
import { textTable } from "@graft-ml/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embed, full, last, load, mlp, type TransferOptions, type TransferResult, transfer } from "../index.ts";
import { haveReviews, reviewsTable, sentences, textsTable } from "./texts.fixture.ts";

let scratch: string;
let file: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "graft-texts-"));
  file = await textsTable(sentences(16));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
  await rm(dirname(file), { recursive: true, force: true });
});
const cache = () => join(scratch, "cache");
const fit = (options: Partial<TransferOptions> = {}): Promise<TransferResult> =>
  transfer({ data: file, cache: cache(), seed: 3, ...options });

describe("frozen and linear", () => {
  let result: TransferResult;
  let folder: string;
  beforeAll(async () => {
    result = await fit();
    folder = await result.save(join(scratch, "bundle"));
  }, 60_000);
  afterAll(() => result.release());

  test("takes the backbone of texts by itself, and tells what it did", async () => {
    expect(result.summary).toMatchObject({
      backbone: "minilm-l6",
      engine: { train: "solver:logistic", frozen: "onnxruntime" },
      groups: { frozen: 7, trained: 0 },
      parameters: { trained: 384 * 2 + 2 },
      cache: { hits: 0, misses: 32 },
      data: {
        kind: "texts",
        folder: await realpath(dirname(file)),
        columns: { text: ["text"], label: "label" },
        truncated: 0,
      },
    });
    expect(result.summary.test).toMatchObject({ samples: 6, accuracy: 1 });
    const [first] = result.testPredictions;
    expect(first).toMatchObject({ text: expect.any(String), path: expect.stringMatching(/reviews\.csv:\d+$/) });
  });

  test("finds its features again", async () => {
    const again = await fit();
    expect(again.summary.cache).toMatchObject({ hits: 32, misses: 0 });
    expect(again.testPredictions).toEqual(result.testPredictions);
    await again.release();
  });

  test("saves a bundle that predicts the same, whatever stands beside a text", async () => {
    expect((await readdir(folder)).sort()).toEqual(["graft.json", "model.onnx", "tokenizer.json"]);
    const bundle = await load(folder);
    expect(bundle.kind).toBe("texts");
    const texts = result.testPredictions.map(({ text }) => text!);
    const answers = await bundle.predict(texts);
    expect(answers).toEqual(await result.predict(texts));
    for (const [i, { probabilities }] of result.testPredictions.entries()) {
      const [alone] = await bundle.predict([texts[i]!]);
      expect(alone!.input).toBe(texts[i]);
      Object.values(alone!.scores).forEach((p, k) => {
        expect(p).toBeCloseTo(Object.values(answers[i]!.scores)[k]!, 5);
        // The exported file sees features in full precision, the fitted head saw them as halves.
        expect(p).toBeCloseTo(probabilities[k]!, 2);
      });
    }
    await bundle.release();
  });

  test("measures a bundle on another table, by its own columns or those that are named", async () => {
    const bundle = await load(folder);
    expect(await bundle.evaluate(file)).toMatchObject({ samples: 32, accuracy: 1 });
    const other = join(scratch, "other.tsv");
    await writeFile(other, "kind\twords\nfood\tthe bread was baked with salt\ntravel\tthe train was late\n");
    await expect(bundle.evaluate(other)).rejects.toThrow('unknown column of "');
    const report = await bundle.evaluate(other, { table: { text: "words", label: "kind" } });
    expect(report).toMatchObject({ samples: 2, accuracy: 1 });
    const strange = await textsTable([
      ["a poem", "verse"],
      ["a novel", "prose"],
    ]);
    await expect(bundle.evaluate(strange)).rejects.toThrow(
      '[graft/load] the bundle knows no class "prose"; known: food, travel',
    );
    await bundle.release();
  });

  test.each<readonly [string, (manifest: string) => string, RegExp]>([
    [
      "a tokenizer without a hash",
      (text) => text.replace(/"tokenizer": \{\s+"file".*?\},/s, ""),
      /lacks its tokenizer's hash\. Fit the model again$/,
    ],
    [
      "a tokenizer elsewhere",
      (text) => text.replace('"file": "tokenizer.json"', '"file": "../tokenizer.json"'),
      /lacks its tokenizer's hash\. Fit/,
    ],
    [
      "no bound on tokens",
      (text) => text.replace('"maxTokens": 256', '"maxTokens": 1e12'),
      /lacks its labels, model hash or preprocessing\. Fit the model again$/,
    ],
    [
      "a mask that is not there",
      (text) => text.replace('"mask": "attention_mask"', '"mask": "masque"'),
      /expected the inputs "input_ids", "masque" and the output "probabilities"; received "attention_mask", "input_ids" and "probabilities"\. Fit the model again$/,
    ],
    [
      "columns that are no names",
      (text) =>
        text
          .replace('"columns": {', '"columns": { "text": 3, "was": {')
          .replace('"label": "label"\n    }', '"label": "label"\n    }}'),
      /has columns that are no names\. Fit the model again$/,
    ],
  ])("refuses a bundle with %s", async (name, change, message) => {
    const copy = join(scratch, name);
    await cp(folder, copy, { recursive: true });
    const manifest = await readFile(join(copy, "graft.json"), "utf8");
    expect(change(manifest)).not.toBe(manifest);
    await writeFile(join(copy, "graft.json"), change(manifest));
    await expect(load(copy)).rejects.toThrow(message);
  });

  test("refuses a tokenizer that was changed, is no tokenizer, or is gone", async () => {
    const copy = join(scratch, "tampered");
    await cp(folder, copy, { recursive: true });
    const tokenizer = join(copy, "tokenizer.json");
    const text = await readFile(tokenizer, "utf8");
    await writeFile(tokenizer, text.replace('"lowercase":true', '"lowercase":false'));
    await expect(load(copy)).rejects.toThrow(
      /tokenizer\.json was changed or damaged: expected sha256 [0-9a-f]{64}; received [0-9a-f]{64}$/,
    );
    await writeFile(tokenizer, '{"model": 7}');
    await expect(load(copy)).rejects.toThrow(/expected a tokenizer\.json in .*; received one that cannot be used/);
    await rm(tokenizer);
    await expect(load(copy)).rejects.toThrow(`[graft/load] the bundle ${copy} has no tokenizer.json. Fit it again`);
  });
});

test("pairs of texts are read and answered as pairs", async () => {
  const table = join(scratch, "pairs.tsv");
  const rows = sentences(16).map(([text, label], i, all) => {
    const same = i % 2 === 0;
    const [other] = all[same ? i : (i + 16) % 32]!;
    return `${text}\t${other} indeed\t${same ? "same" : "other"}\t${label}`;
  });
  await writeFile(table, `sentence1\tsentence2\tlabel\ttopic\n${rows.join("\n")}\n`);
  const result = await fit({ data: table });
  expect(result.summary.data.columns).toEqual({ text: ["sentence1", "sentence2"], label: "label" });
  expect(result.testPredictions[0]!.pair).toMatch(/indeed$/);
  const bundle = await load(await result.save(join(scratch, "pairs")));
  const [answer] = await bundle.predict([["the soup tastes of salt", "the train leaves"]]);
  expect(answer).toMatchObject({ input: "the soup tastes of salt", pair: "the train leaves" });
  await expect(bundle.predict(["alone", ["a", "pair"]])).rejects.toThrow(
    "[graft/predict] expected texts or pairs of them; received 1 pairs among 2",
  );
  const topics = await fit({ data: table, table: { text: "sentence1", label: "topic" } });
  expect(topics.summary.data.columns).toEqual({ text: ["sentence1"], label: "topic" });
  await Promise.all([bundle.release(), result.release(), topics.release()]);
});

test("a dataset that was read already, and a head that trains on cached features", async () => {
  const data = await textTable(file, { seed: 3 });
  const result = await fit({ data, head: mlp({ hidden: 16 }), epochs: 12, rate: 5e-3, engine: "onnxruntime" });
  expect(result.summary.cache).toMatchObject({ misses: 0 });
  expect(result.summary.test.accuracy).toBe(1);
  await result.release();
});

describe("training over sequences", () => {
  const settings = { epochs: 2, batch: 8, rate: 5e-4, patience: 0, engine: "onnxruntime" } as const;

  test("last: layers above a boundary of hidden states train, what lies below keeps its bits", async () => {
    const result = await fit({ ...settings, freezing: last({ groups: 2 }) });
    expect(result.summary).toMatchObject({
      groups: { frozen: 5, trained: 2 },
      engine: { train: "onnxruntime", frozen: "onnxruntime" },
      cache: { misses: 32 },
      audit: { changed: expect.any(Number) },
    });
    const { frozen, identical } = result.summary.audit;
    expect([frozen > 0, identical]).toEqual([true, frozen]);
    expect(result.summary.train.loss).toHaveLength(2);
    expect(result.summary.test.accuracy).toBe(1);
    const bundle = await load(await result.save(join(scratch, "last")));
    for (const { text, probabilities } of result.testPredictions) {
      const [answer] = await bundle.predict([text!]);
      Object.values(answer!.scores).forEach((p, k) => {
        expect(p).toBeCloseTo(probabilities[k]!, 2);
      });
    }
    await bundle.release();
  }, 120_000);

  test("full: everything but the table of words, which is stored in eight bits", async () => {
    const result = await fit({ ...settings, epochs: 1, freezing: full() });
    expect(result.summary).toMatchObject({ groups: { frozen: 0, trained: 7 }, engine: { frozen: "none" } });
    const { trained, total } = result.summary.parameters;
    expect(total - trained).toBe(30_522 * 384);
    expect(result.summary.test.accuracy).toBe(1);
    await result.release();
  }, 120_000);
});

test("a training over sequences that was stopped goes on to the same weights", async () => {
  const settings = {
    ...{ freezing: last({ groups: 1 }), epochs: 2, batch: 8, rate: 5e-4, patience: 0 },
    ...{ engine: "onnxruntime", checkpoint: join(scratch, "partial") },
  };
  const whole = await fit({ ...settings, checkpoint: join(scratch, "whole.partial") });
  const stop = new AbortController();
  const onEvent = ({ type }: { readonly type: string }) => void (type === "epoch" && stop.abort());
  await expect(fit({ ...settings, control: { signal: stop.signal, onEvent } })).rejects.toMatchObject({
    code: "interrupted",
  });
  const resumed = await fit({ ...settings, resume: true });
  expect(resumed.summary.train.method.steps).toEqual(whole.summary.train.method.steps);
  expect(resumed.testPredictions).toEqual(whole.testPredictions);
  await Promise.all([whole.release(), resumed.release()]);
}, 120_000);

test("one text a file, in a folder a class", async () => {
  const data = join(scratch, "files");
  for (const [i, [text, label]] of sentences(8).entries()) {
    await mkdir(join(data, label), { recursive: true });
    await writeFile(join(data, label, `${i}.txt`), `${text}\n`);
  }
  const result = await fit({ data });
  expect(result.summary.data).toMatchObject({ kind: "texts", classes: ["food", "travel"] });
  expect(result.summary.data.columns).toBeUndefined();
  const bundle = await load(await result.save(join(scratch, "of-files")));
  expect(await bundle.evaluate(data)).toMatchObject({ samples: 16, accuracy: 1 });
  expect(await bundle.evaluate(file)).toMatchObject({ samples: 32 });
  await Promise.all([bundle.release(), result.release()]);
});

describe("wrong input", () => {
  test("a backbone of pictures", async () => {
    await expect(fit({ backbone: efficientnetLite0() })).rejects.toThrow(
      `[graft/transfer] "efficientnet-lite0" is a backbone of pictures; ${await realpath(dirname(file))} holds texts. Choose one of texts, such as minilm-l6`,
    );
  });

  test("integer products that would have to train", async () => {
    await expect(fit({ backbone: minilmL6({ precision: "int8" }), freezing: full() })).rejects.toThrow(
      '[graft/transfer] "minilm-l6" with int8 products cannot train, and "full" trains some of it. Leave backbone.precision out, or take the freezing frozen',
    );
  });

  test("a backbone that ends at tokens", async () => {
    const source = minilmL6();
    const backbone = {
      ...source,
      async load() {
        const loaded = await source.load();
        const preprocessing = { ...loaded.card.preprocessing, pooling: "none" as const };
        return { ...loaded, card: { ...loaded.card, preprocessing } };
      },
    };
    await expect(fit({ backbone })).rejects.toThrow(
      '[graft/transfer] "minilm-l6" gives features of each token; expected those of a whole text. Choose a pooling such as mean',
    );
    await expect(embed({ data: file, backbone })).rejects.toThrow(
      '[graft/embed] "minilm-l6" gives features of each token; expected those of a whole text. Choose a pooling such as mean',
    );
  });

  test("a table that is not there", async () => {
    await expect(fit({ data: join(scratch, "none.csv") })).rejects.toThrow(
      /^\[data\/text-table\] expected a table or a folder of texts; received ".*none\.csv": it does not exist\. Check the path$/,
    );
  });
});

test("integer products give a bundle, too", async () => {
  const result = await fit({ backbone: minilmL6({ precision: "int8" }) });
  expect(result.summary.cache).toMatchObject({ hits: 0, misses: 32 });
  expect(result.summary.test.accuracy).toBe(1);
  const bundle = await load(await result.save(join(scratch, "int8")));
  expect(await bundle.evaluate(file)).toMatchObject({ accuracy: 1 });
  await Promise.all([bundle.release(), result.release()]);
});

test.skipIf(!haveReviews)("learns from real reviews (skipped where ../shared/data is not there)", async () => {
  const result = await fit({ data: await reviewsTable(150) });
  expect(result.summary.test.samples).toBe(60);
  // Guessing reaches 50 %, all of RT-polarity 76 %; three standard errors of 60 samples are 17 points.
  expect(result.summary.test.accuracy).toBeGreaterThan(0.59);
  await result.release();
});
