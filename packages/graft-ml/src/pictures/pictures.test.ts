import { rm } from "node:fs/promises";
import { augmentations, type ImageSample, imageFolder } from "@graft-ml/data";
import { card } from "@graft-ml/weights-efficientnet-lite0";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pictureFolder } from "./pictures.fixture.ts";
import { pictureSource } from "./pictures.ts";

let folder: string;
beforeAll(async () => {
  folder = await pictureFolder(2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("pictures stay decoded as far as they fit, and are the same either way", async () => {
  const { samples } = await imageFolder(folder);
  const size = 3 * card.preprocessing.size ** 2;
  const one = pictureSource(card.input, samples, card.preprocessing, { kept: size });
  const none = pictureSource(card.input, samples, card.preprocessing, { kept: 0 });
  const read = async (source: typeof one): Promise<unknown> => (await source.feed({ indices: [1, 0, 1] }))[card.input];
  const first = await read(one);
  expect(await read(none)).toEqual(first);
  expect(await read(one)).toEqual(first);
  // Without its file a picture is there only if it was kept: the first that was decoded.
  await Promise.all(samples.map(({ path }) => rm(path)));
  await expect(read(none)).rejects.toThrow();
  const kept = await Promise.allSettled([0, 1].map((index) => one.feed({ indices: [index] })));
  expect(kept.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

/** A temporary folder's pictures. */
async function samplesOf(): Promise<ImageSample[]> {
  const folder = await pictureFolder(3);
  folders.push(folder);
  return (await imageFolder(folder)).samples;
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const small = { ...card.preprocessing, size: 32 };
const changes = [
  augmentations.randomResizedCrop({ scale: [0.5, 1] }),
  augmentations.colorJitter(),
  augmentations.horizontalFlip(),
];

test("each visit in training shows another version, the same one for the same seed, epoch and picture", async () => {
  const samples = await samplesOf();
  const source = (seed: number): ReturnType<typeof pictureSource> =>
    pictureSource("x", samples, small, { augmentation: changes, seed });
  const show = async (from: ReturnType<typeof pictureSource>, index: number, epoch?: number): Promise<string> =>
    String((await from.feed({ indices: [index], ...(epoch !== undefined && { epoch }) })).x!.data);
  const one = source(3);
  const versions = await Promise.all([0, 1, 2, 3].map((epoch) => show(one, 0, epoch)));
  expect(new Set(versions).size).toBe(4);
  // A run that goes on, with nothing decoded yet, in another order.
  expect(await show(source(3), 0, 2)).toBe(versions[2]);
  expect(await show(source(4), 0, 2)).not.toBe(versions[2]);
  const batch = (await source(3).feed({ indices: [4, 0, 4], epoch: 2 })).x!;
  expect(String(batch.data.subarray(batch.data.length / 3, (2 * batch.data.length) / 3))).toBe(versions[2]);
});

test("what is measured and what is kept are the pictures as they are", async () => {
  const samples = await samplesOf();
  const plain = pictureSource("x", samples, small);
  const indices = samples.map((_, i) => i);
  const expected = await plain.feed({ indices });
  for (const augmentation of [changes, changes.slice(1)]) {
    const source = pictureSource("x", samples, small, { augmentation });
    await source.feed({ indices, epoch: 0 });
    expect(await source.feed({ indices })).toEqual(expected);
  }
  // Training without augmentation sees them, too.
  expect(await plain.feed({ indices, epoch: 5 })).toEqual(expected);
});
