import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BackboneSource, Head, Preprocessing, RunEvent } from "@graft-ml/core";
import { fail } from "@graft-ml/core";
import { gradualUnfreezing } from "@graft-ml/freezing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  augmentations,
  full,
  last,
  linear,
  mixings,
  mlp,
  solvers,
  type TransferOptions,
  type TransferResult,
  textAugmentations,
  transfer,
} from "../index.ts";
import { smallBackbone } from "../small-backbone.fixture.ts";
import { sentences, textsTable } from "../texts/texts.fixture.ts";
import { pictureFolder } from "./pictures.fixture.ts";

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(8);
  scratch = await mkdtemp(join(tmpdir(), "graft-augmentation-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

const small: BackboneSource<Preprocessing> = { name: "small", summary: "", load: async () => smallBackbone() };
const augmentation = [augmentations.randomResizedCrop({ scale: [0.5, 1] }), augmentations.horizontalFlip()];
// 24 pictures, of which 6 are tests and 3 held out: 15 to train on, 4 steps an epoch.
const iterated = { head: mlp({ hidden: 6 }) as Head, epochs: 3, batch: 4, engine: "onnxruntime" } as const;

async function fitted(options: Omit<TransferOptions, "data">): Promise<TransferResult> {
  const result = await transfer({ data, backbone: small, cache: join(scratch, "cache"), seed: 2, ...options });
  await result.release();
  return result;
}
const losses = ({ summary }: TransferResult): readonly number[] => summary.train.method.steps as readonly number[];
const applied = augmentation.map(({ name, options }) => ({ name, options }));

describe("where the first layer trains", () => {
  const settings = { ...iterated, freezing: full() };

  test("every visit is another version, by the seed; the report says so", async () => {
    const plain = await fitted(settings);
    const [one, again] = [await fitted({ ...settings, augmentation }), await fitted({ ...settings, augmentation })];
    expect(losses(again)).toEqual(losses(one));
    expect(losses(one)).not.toEqual(losses(plain));
    expect(one.summary.augmentation).toEqual({ applied, at: "every visit" });
    expect(plain.summary).not.toHaveProperty("augmentation");
    // Tests are the same pictures: what differs is the model alone.
    expect(one.testPredictions.map(({ path }) => path)).toEqual(plain.testPredictions.map(({ path }) => path));
  });

  test("a run that was killed goes on to the same bits, with mixtures as well", async () => {
    const options = { ...settings, augmentation, mixing: mixings.cutmix() };
    const bytes = async (result: TransferResult, name: string): Promise<Buffer> =>
      readFile(join(await result.save(join(scratch, name)), "model.onnx"));
    const whole = await bytes(await fitted(options), "whole");
    for (const stopAt of [2, 6]) {
      const checkpoint = join(scratch, `stopped-${stopAt}.partial`);
      const stop = new AbortController();
      const onEvent = (event: RunEvent): void => {
        if (event.type === "progress" && event.stage === "train" && event.done === stopAt) stop.abort();
      };
      const control = { onEvent, signal: stop.signal };
      await expect(fitted({ ...options, checkpoint, control })).rejects.toMatchObject({ code: "interrupted" });
      const resumed = await fitted({ ...options, checkpoint, resume: true });
      expect((await bytes(resumed, `resumed-${stopAt}`)).equals(whole)).toBe(true);
    }
  });

  test.each<[string, Partial<TransferOptions>, string]>([
    ["without it", { augmentation: [] }, "its augmentation is random-resized-crop + horizontal-flip, this run's none"],
    [
      "with other options",
      { augmentation: [augmentations.randomResizedCrop(), augmentations.horizontalFlip()] },
      "its augmentation has other options",
    ],
    ["with mixtures", { augmentation, mixing: mixings.mixup() }, "its mixing is none, this run's mixup"],
  ])("a run goes on from no checkpoint of one %s", async (name, other, message) => {
    const checkpoint = join(scratch, `${name}.partial`);
    const stop = new AbortController();
    const onEvent = (event: RunEvent): void => {
      if (event.type === "progress" && event.stage === "train") stop.abort();
    };
    const control = { onEvent, signal: stop.signal };
    await expect(fitted({ ...settings, augmentation, checkpoint, control })).rejects.toMatchObject({
      code: "interrupted",
    });
    await expect(fitted({ ...settings, ...other, checkpoint, resume: true })).rejects.toThrow(message);
  });
});

describe("below a frozen boundary", () => {
  test("views are kept, and training draws one a visit", async () => {
    const options = { ...iterated, freezing: last({ groups: 1 }), augmentation, views: 3 };
    const first = await fitted(options);
    expect(first.summary.augmentation).toEqual({ applied, below: "frozen boundary", views: 3 });
    // 18 pictures to learn from in three views each, and 6 tests.
    expect(first.summary.cache.hits + first.summary.cache.misses).toBe(18 * 3 + 6);
    const again = await fitted(options);
    expect(again.summary.cache).toMatchObject({ hits: 60, misses: 0 });
    expect(losses(again)).toEqual(losses(first));
    expect(losses(await fitted({ ...options, augmentation: [], views: 1 }))).not.toEqual(losses(first));
  });

  test("when the boundary moves, views move with it", async () => {
    const freezing = gradualUnfreezing({ groups: 2 });
    const { summary } = await fitted({ ...iterated, epochs: 3, freezing, augmentation, views: 3 });
    expect(summary.train.phases.length).toBeGreaterThan(1);
    expect(summary.augmentation).toEqual({ applied, below: "frozen boundary", views: 3 });
  });

  test("a solver takes them as rows, and calibrates on the samples as they are", async () => {
    const { summary } = await fitted({ head: linear() as Head, augmentation });
    expect(summary.engine.train).toBe("solver:logistic");
    expect(summary.augmentation).toEqual({ applied, below: "frozen boundary", views: 4 });
    expect(summary.cache.hits + summary.cache.misses).toBe(18 * 4 + 6);
    expect(summary.test.samples).toBe(6);
    await expect(fitted({ head: linear() as Head, augmentation, solver: solvers.ridge() })).rejects.toThrow(
      '[graft/augmentation] the solver "ridge" takes one row a sample, and augmentation gives several. Take logistic, or leave augmentation out',
    );
  });

  test("a head that could be solved is trained where samples are mixed", async () => {
    const { summary } = await fitted({ head: linear() as Head, mixing: mixings.mixup({ alpha: 1 }), epochs: 2 });
    expect(summary.engine.train).toBe("onnxruntime");
    expect(summary.mixing).toEqual({ name: "mixup", options: { alpha: 1 } });
    const maps = { ...iterated, freezing: last({ groups: 1 }), mixing: mixings.cutmix() };
    expect((await fitted(maps)).summary.mixing!.name).toBe("cutmix");
  });
});

test("refuses augmentation of texts, and rectangles of features", async () => {
  await expect(fitted({ augmentation: [textAugmentations.spanMasking()] })).rejects.toThrow(
    fail("graft/augmentation", '"span-masking" changes texts; the data are pictures. Leave it out').message,
  );
  await expect(fitted({ ...iterated, mixing: mixings.cutmix() })).rejects.toThrow(
    /^\[trainers\/cutmix\] expected pictures or maps of features to cut, \[batch, …\] of 4 dimensions; received \[4, 4\]\. Use mixup/,
  );
});

test("texts are mixed at their features, not where masks differ", async () => {
  const texts = await textsTable(sentences(6));
  const settings = { data: texts, cache: join(scratch, "cache"), mixing: mixings.mixup(), epochs: 1 };
  await expect(transfer({ ...settings, freezing: last({ groups: 1 }) })).rejects.toThrow(
    /^\[graft\/mixing\] "mixup" mixes texts at their features "[^"]+" only; training starts at "[^"]+"\. Leave it out, or take the freezing frozen$/,
  );
  const dropout = [textAugmentations.wordDropout()];
  const result = await transfer({ ...settings, augmentation: dropout, views: 2 });
  await result.release();
  expect(result.summary).toMatchObject({
    mixing: { name: "mixup" },
    augmentation: { applied: [{ name: "word-dropout" }], below: "frozen boundary", views: 2 },
  });
  await rm(dirname(texts), { recursive: true, force: true });
});
