import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { card, labels, modelUrl } from "./index.ts";

interface GoldenImage {
  readonly seed: number;
  readonly logits: readonly number[];
}
interface Golden {
  readonly original: readonly GoldenImage[];
  readonly rounded: readonly GoldenImage[];
}

const pixels = 3 * card.preprocessing.size ** 2;

/** The recipe of tools/golden/efficientnet_lite0.py. */
function recipe(seeds: readonly number[]): Float32Array {
  const values = new Float32Array(pixels * seeds.length);
  seeds.forEach((seed, image) => {
    for (let i = 0; i < pixels; i++)
      values[image * pixels + i] = (((i * 7919 + 104729 * seed) % 65521) / 65521) * 2 - 1;
  });
  return values;
}

function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
}

describe("the file", () => {
  it("is the one the card describes", async () => {
    const bytes = await readFile(modelUrl);
    expect(bytes.byteLength).toBe(card.bytes);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(card.sha256);
  });
});

describe("labels", () => {
  it("names 1000 distinct WordNet synsets", () => {
    expect(labels).toHaveLength(1000);
    expect(new Set(labels.map((label) => label.wnid)).size).toBe(1000);
    for (const label of labels) {
      expect(label.wnid).toMatch(/^n\d{8}$/);
      expect(label.name).not.toBe("");
      expect(label.definition).not.toBe("");
    }
  });

  it("is in the order of the logits", () => {
    expect(labels[0]!.name).toBe("tench, Tinca tinca");
    expect(labels[985]!.name).toBe("daisy");
  });
});

describe("logits", () => {
  let golden: Golden;
  let images: number[][];

  beforeAll(async () => {
    golden = JSON.parse(await readFile(new URL("../golden/efficientnet-lite0.json", import.meta.url), "utf8"));
    const { size } = card.preprocessing;
    const seeds = golden.original.map((image) => image.seed);
    const session = await InferenceSession.create(await readFile(modelUrl));
    expect(session.inputNames).toEqual([card.input]);
    expect(session.outputNames).toEqual([card.output]);
    const input = new Tensor("float32", recipe(seeds), [seeds.length, 3, size, size]);
    const output = (await session.run({ [card.input]: input }))[card.output]!;
    expect(output.dims).toEqual([seeds.length, labels.length]);
    const values = Array.from(output.data as Float32Array);
    images = seeds.map((_, n) => values.slice(n * labels.length, (n + 1) * labels.length));
  });

  it("equal PyTorch's on the published weights, up to float16 storage", () => {
    golden.original.forEach(({ logits }, n) => {
      expect(largestDifference(images[n]!, logits)).toBeLessThan(0.02);
    });
  });

  it("equal PyTorch's on the same weights rounded to float16", () => {
    golden.rounded.forEach(({ logits }, n) => {
      expect(largestDifference(images[n]!, logits)).toBeLessThan(1e-3);
    });
  });
});
