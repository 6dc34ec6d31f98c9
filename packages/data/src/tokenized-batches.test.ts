import { seededRandom } from "@graft-ml/core";
import { expect, test } from "vitest";
import { lengthBatches, padTokens, placeRows } from "./tokenized-batches.ts";

const random = seededRandom(1);
const lengths = Array.from({ length: 1_003 }, () => 3 + random.integer(120));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

test.each([
  { batch: 32 },
  { batch: 32, seed: 7 },
  { batch: 1, seed: 7 },
  { batch: 2_000, seed: 7, spread: 1 },
  { batch: 32, seed: 7, multipleOf: 8 },
])("puts each sample in one batch: %j", (options) => {
  const { batches, padding } = lengthBatches(lengths, options);
  expect(sorted(batches.flatMap(({ indices }) => indices))).toEqual(range(lengths.length));
  expect(batches.filter(({ indices }) => indices.length < options.batch).length).toBeLessThanOrEqual(1);
  const { multipleOf = 1 } = options as { multipleOf?: number };
  let positions = 0;
  for (const { indices, tokens } of batches) {
    const longest = Math.max(...indices.map((i) => lengths[i]!));
    expect(tokens).toBe(Math.ceil(longest / multipleOf) * multipleOf);
    positions += tokens * indices.length;
  }
  const filled = lengths.reduce((sum, length) => sum + length, 0);
  expect(padding).toBeCloseTo(1 - filled / positions, 12);
});

test("pads far less than batches in the given order would", () => {
  const unsorted = range(Math.ceil(lengths.length / 32)).reduce(
    (sum, i) => sum + 32 * Math.max(...lengths.slice(i * 32, i * 32 + 32)),
    0,
  );
  const naive = 1 - lengths.reduce((sum, length) => sum + length, 0) / unsorted;
  expect(naive).toBeGreaterThan(0.4);
  expect(lengthBatches(lengths, { batch: 32 }).padding).toBeLessThan(0.05);
  expect(lengthBatches(lengths, { batch: 32, seed: 3 }).padding).toBeLessThan(0.1);
});

test("is the same for the same seed and another for another", () => {
  const batches = (seed: number | string) => lengthBatches(lengths, { batch: 16, seed }).batches;
  expect(batches(5)).toEqual(batches(5));
  expect(batches(5)).not.toEqual(batches(6));
  expect(batches("epoch 1")).not.toEqual(batches("epoch 2"));
  // Not only the order of the batches changes: other samples meet.
  const members = (seed: number) => new Set(batches(seed).map(({ indices }) => sorted(indices).join()));
  expect([...members(5)].filter((one) => members(6).has(one)).length).toBeLessThan(5);
});

test("without a seed the longest come first, equal ones in their order", () => {
  expect(lengthBatches([2, 9, 4, 9, 1], { batch: 2 })).toEqual({
    batches: [
      { indices: [1, 3], tokens: 9 },
      { indices: [2, 0], tokens: 4 },
      { indices: [4], tokens: 1 },
    ],
    padding: 1 - 25 / 27,
  });
});

test("rounding up stops at what the network takes", () => {
  const { batches } = lengthBatches([13, 3], { batch: 1, multipleOf: 8, limit: 14 });
  expect(batches.map(({ tokens }) => tokens)).toEqual([14, 8]);
});

test("takes no samples, and samples without tokens", () => {
  expect(lengthBatches([], { batch: 4 })).toEqual({ batches: [], padding: 0 });
  expect(lengthBatches([0, 0], { batch: 4, seed: 1 }).batches[0]!.tokens).toBe(1);
});

test("refuses impossible options and lengths", () => {
  const make = (options: object) => () => lengthBatches([1, 2], { batch: 2, ...options });
  expect(make({ batch: 0 })).toThrow("[data/tokenized-batches] expected batch to be a positive integer; received 0");
  expect(make({ multipleOf: 1.5 })).toThrow("expected multipleOf to be a positive integer; received 1.5");
  expect(make({ spread: 2 })).toThrow("expected spread to be a share from 0 to 1; received 2");
  expect(make({ limit: 1 })).toThrow("expected lengths of at most 1 that are whole numbers; received 2 at 1");
  expect(() => lengthBatches([1, -1], { batch: 2 })).toThrow(
    "expected lengths that are whole numbers; received -1 at 1",
  );
});

const texts = { ids: [Int32Array.of(101, 7, 102), Int32Array.of(101, 102)], truncated: [], maxTokens: 8 };
const numbers = ({ data }: { data: ArrayLike<unknown> }) => Array.from(data, Number);

test("fills a batch up behind its tokens", () => {
  const { ids, mask, types } = padTokens(texts, { indices: [1, 0], tokens: 4 }, 9);
  expect([ids, mask, types].map(({ dtype, dims }) => [dtype, dims])).toEqual(Array(3).fill(["int64", [2, 4]]));
  expect(numbers(ids)).toEqual([101, 102, 9, 9, 101, 7, 102, 9]);
  expect(numbers(mask)).toEqual([1, 1, 0, 0, 1, 1, 1, 0]);
  expect(numbers(types)).toEqual(Array(8).fill(0));
  const pairs = { ...texts, types: [Uint8Array.of(0, 0, 1), Uint8Array.of(0, 1)] };
  expect(numbers(padTokens(pairs, { indices: [1, 0], tokens: 4 }, 9).types)).toEqual([0, 1, 0, 0, 0, 0, 1, 0]);
});

test("refuses a text that does not fit its batch or is not there", () => {
  expect(() => padTokens(texts, { indices: [0], tokens: 2 }, 0)).toThrow(
    "[data/tokenized-batches] expected texts of at most 2 tokens; received text 0 of 3",
  );
  expect(() => padTokens(texts, { indices: [5], tokens: 2 }, 0)).toThrow("received no text 5");
});

test("puts results back in the samples' order", () => {
  const out = new Float32Array(lengths.length * 2);
  for (const { indices } of lengthBatches(lengths, { batch: 32, seed: 2 }).batches)
    placeRows(out, indices, Float32Array.from(indices.flatMap((i) => [i, -i])));
  expect([...out]).toEqual(range(lengths.length).flatMap((i) => [i, -i]));
  expect(() => placeRows(out, [0, 1], new Float32Array(3))).toThrow("expected rows of 2 samples; received 3 values");
  expect(() => placeRows(new Float32Array(2), [1], new Float32Array(2))).toThrow(
    "expected room for sample 1 of 2 values; received 2",
  );
});
