import { seededRandom } from "@graft-ml/core";
import { expect, test } from "vitest";
import { lengthBatches } from "./length-batches.ts";

const random = seededRandom(1);
const lengths = Array.from({ length: 1_003 }, () => 3 + random.integer(120));
interface Sizes {
  readonly batch: number;
  readonly seed?: number;
  readonly spread?: number;
  readonly multipleOf?: number;
  readonly paddings?: readonly number[];
}
const seeded = (seed: number | string | undefined) => (seed === undefined ? {} : { random: seededRandom(seed) });
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

test.each([
  { batch: 32 },
  { batch: 32, seed: 7 },
  { batch: 1, seed: 7 },
  { batch: 2_000, seed: 7, spread: 1 },
  { batch: 32, seed: 7, multipleOf: 8 },
  { batch: 32, paddings: [24, 60, 122] },
  { batch: 32, seed: 7, paddings: [24, 60, 122] },
])("puts each sample in one batch: %j", ({ seed, ...options }: Sizes) => {
  const { batches, padding } = lengthBatches(lengths, { ...options, ...seeded(seed) });
  expect(sorted(batches.flatMap(({ indices }) => indices))).toEqual(range(lengths.length));
  expect(batches.filter(({ indices }) => indices.length < options.batch).length).toBeLessThanOrEqual(1);
  const { multipleOf = 1, paddings } = options;
  let positions = 0;
  for (const { indices, tokens } of batches) {
    const longest = Math.max(...indices.map((i) => lengths[i]!));
    const fitting = paddings?.find((each) => each >= longest);
    expect(tokens).toBe(fitting ?? Math.ceil(longest / multipleOf) * multipleOf);
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
  expect(lengthBatches(lengths, { batch: 32, ...seeded(3) }).padding).toBeLessThan(0.1);
});

test("is the same for the same seed and another for another", () => {
  const batches = (seed: number | string) => lengthBatches(lengths, { batch: 16, ...seeded(seed) }).batches;
  expect(batches(5)).toEqual(batches(5));
  expect(batches(5)).not.toEqual(batches(6));
  expect(batches("epoch 1")).not.toEqual(batches("epoch 2"));
  // Not only the order of the batches changes: other samples meet.
  const members = (seed: number) => new Set(batches(seed).map(({ indices }) => sorted(indices).join()));
  expect([...members(5)].filter((one) => members(6).has(one)).length).toBeLessThan(5);
});

test("with paddings all samples of one padding meet, and only one batch a padding holds shorter ones", () => {
  const paddings = [24, 60, 122];
  const place = (i: number) => paddings.findIndex((padding) => padding >= lengths[i]!);
  const drawn = range(20).map((seed) => lengthBatches(lengths, { batch: 32, paddings, ...seeded(seed) }).batches);
  for (const batches of drawn) {
    const mixed = batches.filter(({ indices }) => new Set(indices.map(place)).size > 1);
    expect(mixed.length).toBeLessThanOrEqual(2);
  }
  // The shortest and the longest of a padding are as likely to meet as any two of it.
  const last = range(lengths.length)
    .filter((i) => place(i) === 2)
    .sort((a, b) => lengths[a]! - lengths[b]!);
  const together = (a: number, b: number) =>
    drawn.filter((batches) => batches.some(({ indices }) => indices.includes(a) && indices.includes(b))).length;
  const pairs = range(100).map((k) => together(last[k]!, last.at(-1 - k)!));
  const expected = (20 * 100 * 31) / last.length;
  expect(pairs.reduce((sum, count) => sum + count, 0) / expected).toBeGreaterThan(0.7);
  expect(pairs.reduce((sum, count) => sum + count, 0) / expected).toBeLessThan(1.4);
});

test("the short batch holds samples of any length", () => {
  const short = range(40).map(
    (seed) =>
      lengthBatches(lengths, { batch: 32, ...seeded(seed) }).batches.find(({ indices }) => indices.length < 32)!,
  );
  expect(short.every(({ indices }) => indices.length === lengths.length % 32)).toBe(true);
  expect(Math.min(...short.map(({ tokens }) => tokens))).toBeLessThan(40);
  expect(Math.max(...short.map(({ tokens }) => tokens))).toBeGreaterThan(90);
});

test("without a stream the longest come first, equal ones in their order", () => {
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
  expect(lengthBatches([0, 0], { batch: 4, ...seeded(1) }).batches[0]!.tokens).toBe(1);
});

test("refuses impossible options and lengths", () => {
  const make = (options: object) => () => lengthBatches([1, 2], { batch: 2, ...options });
  expect(make({ batch: 0 })).toThrow("[trainers/length-batches] expected batch to be a positive integer; received 0");
  expect(make({ multipleOf: 1.5 })).toThrow("expected multipleOf to be a positive integer; received 1.5");
  expect(make({ spread: 2 })).toThrow("expected spread to be a share from 0 to 1; received 2");
  expect(make({ limit: 1 })).toThrow("expected lengths of at most 1 that are whole numbers; received 2 at 1");
  expect(() => lengthBatches([1, -1], { batch: 2 })).toThrow(
    "expected lengths that are whole numbers; received -1 at 1",
  );
});
