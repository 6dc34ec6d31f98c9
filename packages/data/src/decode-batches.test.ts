import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { ImagePreprocessing } from "@graft-ml/core";
import { expect, test } from "vitest";
import type { DecodedPicture } from "./decode.ts";
import { decodeBatches, pool } from "./decode-batches.ts";
import { plant, testFolder } from "./folder.fixture.ts";

const plain: ImagePreprocessing = {
  size: 2,
  crop: 1,
  interpolation: "bilinear",
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "NCHW",
  channels: "RGB",
};

async function pictures(count: number): Promise<{ path: string }[]> {
  const folder = testFolder();
  await plant(folder, Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.png`, i])));
  return Array.from({ length: count }, (_, i) => ({ path: join(folder, `${i}.png`) }));
}

test("gives every picture once, in order, in batches", async () => {
  const samples = await pictures(10);
  const seen: number[] = [];
  const shapes: (readonly number[])[] = [];
  for await (const { indices, images } of decodeBatches(samples, plain, { batch: 4 })) {
    for (const [i, index] of indices.entries()) expect(images.data[i * 12]).toBe(index);
    seen.push(...indices);
    shapes.push(images.dims);
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(shapes).toEqual([
    [4, 3, 2, 2],
    [4, 3, 2, 2],
    [2, 3, 2, 2],
  ]);
});

test("makes several versions of a picture from one decoding", async () => {
  const [first, second] = await pictures(2);
  const seen = new Set<unknown>();
  const versions = [1, 2, 3].map((version) => ({
    ...first!,
    fit: (decoded: DecodedPicture) => {
      seen.add(decoded.picture);
      return { width: 2, height: 2, data: new Uint8Array(12).fill(100 * Number(decoded.picture.data[0]) + version) };
    },
  }));
  const found: number[] = [];
  for await (const { indices, images } of decodeBatches([...versions, second!], plain, { batch: 4 })) {
    for (const i of indices.keys()) found.push(Number(images.data[i * 12]));
  }
  expect(found).toEqual([1, 2, 3, 1]);
  expect(seen.size).toBe(1);
});

test("leaves out what cannot be decoded and says so", async () => {
  const samples = await pictures(5);
  samples[1] = { path: join(testFolder(), "gone.jpg") };
  samples[4] = { path: join(testFolder(), "gone.jpg") };
  const failures: [number, string][] = [];
  const kept: number[] = [];
  const options = { batch: 4, onFailure: (index: number, reason: string) => failures.push([index, reason]) };
  for await (const { indices, images } of decodeBatches(samples, { ...plain, layout: "NHWC" }, options)) {
    expect(images.dims).toEqual([3, 2, 2, 3]);
    for (const [i, index] of indices.entries()) expect(images.data[i * 12]).toBe(index);
    kept.push(...indices);
  }
  expect(kept).toEqual([0, 2, 3]);
  expect(failures.map(([index]) => index)).toEqual([1, 4]);
  expect(failures[0]![1]).toMatch(/received ".*gone\.jpg": it does not exist\. Replace or remove it$/);
});

test("throws the first failure where nobody listens", async () => {
  const run = async () => {
    for await (const _ of decodeBatches([{ path: "/nowhere.jpg" }], plain, { batch: 1 }));
  };
  await expect(run()).rejects.toThrow('received "/nowhere.jpg": it does not exist');
});

test("decodes at most two batches ahead of a slow consumer", async () => {
  const samples = await pictures(12);
  let started = 0;
  const watched = samples.map(({ path }) => ({
    get path() {
      started++;
      return path;
    },
  }));
  const batches = decodeBatches(watched, plain, { batch: 2, concurrency: 2 });
  await batches.next();
  await setTimeout(100);
  expect(started).toBe(6);
  await batches.return(undefined);
  await setTimeout(20);
  expect(started).toBe(6);
});

test("stops at the signal", async () => {
  const samples = await pictures(12);
  const controller = new AbortController();
  const run = async () => {
    for await (const _ of decodeBatches(samples, plain, { batch: 2, control: { signal: controller.signal } }))
      controller.abort();
  };
  await expect(run()).rejects.toMatchObject({ code: "interrupted", message: "[data/decode] interrupted" });
});

test("reports progress up to all", async () => {
  const samples = await pictures(5);
  const done: number[] = [];
  const control = { onEvent: (event: { type: string; done?: number }) => done.push(event.done ?? -1) };
  for await (const _ of decodeBatches(samples, plain, { batch: 2, control }));
  expect(done).toEqual([2, 4, 5]);
});

test("refuses impossible preprocessing at once, not picture by picture", async () => {
  const refused = decodeBatches([{ path: "x" }], { ...plain, size: 0 }, { batch: 1, onFailure: () => {} }).next();
  await expect(refused).rejects.toThrow("[data/decode] expected preprocessing.size to be 1 to 4096 pixels; received 0");
});

test("refuses a batch of nothing", async () => {
  await expect(decodeBatches([], plain, { batch: 0 }).next()).rejects.toThrow(
    "[data/decode] expected batch to be a positive integer; received 0",
  );
});

test("a pool runs no more than its size at once", async () => {
  const slots = pool(3);
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, () =>
      slots(async () => {
        most = Math.max(most, ++running);
        await setTimeout(1);
        running--;
      }),
    ),
  );
  expect(most).toBe(3);
});
