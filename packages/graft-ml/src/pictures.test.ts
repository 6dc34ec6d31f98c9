import { rm } from "node:fs/promises";
import { imageFolder } from "@graft-ml/data";
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
  const one = pictureSource(samples, card.preprocessing, 4 * size);
  const none = pictureSource(samples, card.preprocessing, 0);
  const read = async (source: typeof one): Promise<Float32Array> => {
    const into = new Float32Array(2 * size);
    await source.gather([1, 0], into);
    return into;
  };
  const first = await read(one);
  expect(await read(none)).toEqual(first);
  expect(await read(one)).toEqual(first);
  // Without its file a picture is there only if it was kept: the first that was decoded.
  await Promise.all(samples.map(({ path }) => rm(path)));
  await expect(read(none)).rejects.toThrow();
  const kept = await Promise.allSettled([0, 1].map((index) => one.gather([index], new Float32Array(size))));
  expect(kept.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});
