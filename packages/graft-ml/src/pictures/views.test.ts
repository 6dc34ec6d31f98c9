import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backbone, float32 } from "@graft-ml/core";
import { augmentations, type ImageDataset, imageFolder, textAugmentations } from "@graft-ml/data";
import { graphBuilder } from "@graft-ml/graph";
import { card as efficientnet } from "@graft-ml/weights-efficientnet-lite0";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allRows } from "../features.ts";
import { pictureSupply } from "./picture-supply.ts";
import { pictureFolder } from "./pictures.fixture.ts";

let folder: string;
let dataset: ImageDataset;
const caches: string[] = [];
beforeAll(async () => {
  folder = await pictureFolder(6);
  await writeFile(join(folder, "disc", "broken.png"), await broken());
  dataset = await imageFolder(folder, { validation: 0.2 });
});
afterAll(() => Promise.all([folder, ...caches].map((path) => rm(path, { recursive: true, force: true }))));

/** A picture whose header is whole and whose pixels are not. */
async function broken(): Promise<Buffer> {
  const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 251));
  const bytes = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  return bytes.subarray(0, bytes.length >> 1);
}

async function cacheFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "graft-views-"));
  caches.push(path);
  return path;
}

/** A backbone of one average over places: quick, and another one for every version of a picture. */
function averaging(): Backbone {
  const g = graphBuilder();
  const image = g.input("image", "float32", ["batch", 3, 32, 32]);
  const pooled = g.op("AveragePool", [image], { kernel_shape: [16, 16], strides: [16, 16] });
  const features = g.name(g.op("Flatten", [pooled]), "features");
  const card = {
    ...efficientnet,
    id: "averaging",
    input: "image",
    features: "features",
    numFeatures: 12,
    sha256: "ab".repeat(32),
    preprocessing: { ...efficientnet.preprocessing, size: 32 },
  };
  return { card, graph: g.finish([features]), groups: [] };
}

const list = [augmentations.horizontalFlip(), augmentations.colorJitter(), augmentations.rotation()];
const rowsOf = (tensors: Readonly<Record<string, { readonly data: unknown }>>): number[] => [
  ...(tensors.features!.data as Float32Array),
];

test("keeps views of the training samples, each made once, beside the samples as they are", async () => {
  const cache = await cacheFolder();
  const backbone = averaging();
  const plain = await pictureSupply({ cache }, dataset, backbone).at("features");
  const count = dataset.samples.length - 1;
  const trained = plain.train.length;
  expect(plain.extracted).toMatchObject({ hits: 0, misses: count + 1 });
  expect(plain.extracted!.failed.map(({ sample }) => sample.path)).toEqual([join(dataset.folder, "disc/broken.png")]);

  const options = { cache, augmentation: list, views: 3, seed: 5 };
  const viewed = await pictureSupply(options, dataset, backbone).at("features");
  // The samples as they are were there already; the picture that cannot be decoded is tried again, and told once.
  expect(viewed.extracted!.hits).toBe(count);
  expect(viewed.extracted!.failed).toHaveLength(1);
  expect(viewed.extracted!.misses - 2 * trained).toBeLessThanOrEqual(3);
  expect(viewed.train).toMatchObject({ length: trained, views: 3 });
  expect(viewed.test.views ?? 1).toBe(1);
  expect(viewed.validation!.views ?? 1).toBe(1);

  const indices = Array.from({ length: trained }, (_, i) => i);
  const views = await Promise.all([0, 1, 2].map(async (view) => rowsOf(await viewed.train.feed({ indices, view }))));
  expect(views[0]).toEqual(rowsOf(await plain.train.feed({ indices })));
  expect(views[0]).toEqual(rowsOf(await viewed.train.feed({ indices })));
  expect(new Set(views.map(String)).size).toBe(3);

  const again = await pictureSupply(options, dataset, backbone).at("features");
  expect(again.extracted!.hits).toBe(count + 2 * trained);
  const more = await pictureSupply({ ...options, views: 4 }, dataset, backbone).at("features");
  expect(more.extracted!.hits).toBe(count + 2 * trained);
  const others = await pictureSupply({ ...options, seed: 6 }, dataset, backbone).at("features");
  expect(others.extracted!.hits).toBe(count);
});

test("training sees one view a visit, in the end all of them; measuring the sample as it is", async () => {
  const options = { cache: await cacheFolder(), augmentation: list, views: 3 };
  const { train } = await pictureSupply(options, dataset, averaging()).at("features");
  const shown = async (view: number): Promise<string> => String(rowsOf(await train.feed({ indices: [1], view })));
  const known = await Promise.all([0, 1, 2].map(shown));
  const visits = await Promise.all(
    Array.from({ length: 30 }, async (_, epoch) => String(rowsOf(await train.feed({ indices: [1], epoch })))),
  );
  for (const [epoch, visit] of visits.entries()) expect(visit).toBe(known[train.drawn!(1, epoch)]);
  expect(new Set(visits).size).toBe(3);
  expect(String(rowsOf(await train.feed({ indices: [1] })))).toBe(known[0]);
});

test("a solver gets every view as a row of its sample", async () => {
  const options = { cache: await cacheFolder(), augmentation: list, views: 2 };
  const { train } = await pictureSupply(options, dataset, averaging()).at("features");
  const { features, labels, groups } = await allRows("features", train);
  const indices = Array.from({ length: train.length }, (_, i) => i);
  expect([...labels]).toEqual([...train.targets, ...train.targets]);
  expect([...groups!]).toEqual([...indices, ...indices]);
  expect([...features.subarray(0, features.length / 2)]).toEqual(rowsOf(await train.feed({ indices })));
  expect([...features.subarray(features.length / 2)]).toEqual(rowsOf(await train.feed({ indices, view: 1 })));
  const alone = await allRows("x", {
    length: 2,
    targets: [1, 0],
    feed: async () => ({ x: float32([2, 1], [3, 4]) }),
  });
  expect(alone).toEqual({ features: Float32Array.of(3, 4), labels: Int32Array.of(1, 0) });
});

describe("refuses", () => {
  const supply = (options: Parameters<typeof pictureSupply>[0]) => () => pictureSupply(options, dataset, averaging());
  test.each([
    [
      "augmentation of another kind of data",
      { augmentation: [textAugmentations.wordDropout()] },
      '[graft/augmentation] "word-dropout" changes texts; the data are pictures. Leave it out',
    ],
    [
      "views of nothing",
      { views: 4 },
      "[graft/augmentation] expected augmentation together with 4 views; received none. Name one, or leave views out",
    ],
    [
      "augmentation that no view shows",
      { augmentation: list, views: 1 },
      "[graft/augmentation] expected at least 2 views with augmentation (horizontal-flip, color-jitter, rotation): the first is the sample as it is; received 1",
    ],
    [
      "a number of views that is none",
      { augmentation: list, views: 2.5 },
      "[graft/augmentation] expected views to be 1 to 1000; received 2.5",
    ],
    [
      "two crops",
      { augmentation: [augmentations.randomResizedCrop(), augmentations.randomResizedCrop()] },
      '[data/augment] expected at most one augmentation that crops; received "random-resized-crop" and "random-resized-crop". Leave one out',
    ],
    [
      "a cache that would take one augmentation for another",
      { augmentation: [{ ...augmentations.grayscale(), name: "theirs", options: { fade: () => 0.5 } }] },
      '[data/augment] cannot keep views made by "theirs": its options are no plain JSON, so that others would be taken for them. Mend its options',
    ],
  ])("%s", (_, options, message) => {
    expect(supply(options)).toThrow(message);
  });
});
