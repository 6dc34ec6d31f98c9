import { seededRandom } from "@graft-ml/core";
import { expect, test } from "vitest";
import { paddingsFor } from "./paddings.ts";

const positions = (lengths: readonly number[], paddings: readonly number[]) =>
  lengths.reduce((sum, length) => sum + paddings.find((padding) => padding >= length)!, 0);

/** All choices of at most `most` lengths that hold the longest sequence. */
function choices(candidates: readonly number[], most: number): number[][] {
  const longest = candidates.at(-1)!;
  let found: number[][] = [[]];
  for (const length of candidates.slice(0, -1)) found = [...found, ...found.map((chosen) => [...chosen, length])];
  return found.filter((chosen) => chosen.length < most).map((chosen) => [...chosen, longest]);
}

test.each([
  { most: 1, multipleOf: 8 },
  { most: 2, multipleOf: 8 },
  { most: 4, multipleOf: 8 },
  { most: 4, multipleOf: 7, limit: 64 },
  { most: 20, multipleOf: 6 },
])("needs as few positions as any choice: %j", (options) => {
  const random = seededRandom(`paddings ${options.most}`);
  for (let round = 0; round < 20; round++) {
    const lengths = Array.from({ length: 1 + random.integer(40) }, () => random.integer(65));
    const rounded = lengths.map((length) =>
      Math.min(Math.ceil(Math.max(1, length) / options.multipleOf) * options.multipleOf, options.limit ?? 1e9),
    );
    const all = choices(
      [...new Set(rounded)].sort((a, b) => a - b),
      options.most,
    );
    const found = paddingsFor(lengths, options);
    expect(found.length).toBeLessThanOrEqual(options.most);
    expect(positions(lengths, found)).toBe(Math.min(...all.map((chosen) => positions(lengths, chosen))));
  }
});

test("takes four multiples of eight unless told otherwise, and no more than help", () => {
  expect(paddingsFor([10, 20, 40, 40, 40, 90, 128])).toEqual([24, 40, 96, 128]);
  expect(paddingsFor([8, 7, 8])).toEqual([8]);
  expect(paddingsFor([0])).toEqual([8]);
  expect(paddingsFor([])).toEqual([]);
});

test("stops at what the network takes", () => {
  expect(paddingsFor([13, 3], { limit: 14 })).toEqual([8, 14]);
  expect(() => paddingsFor([15], { limit: 14 })).toThrow(
    "[trainers/paddings] expected lengths of at most 14 that are whole numbers; received 15 at 0",
  );
  expect(() => paddingsFor([1.5])).toThrow(
    "[trainers/paddings] expected lengths that are whole numbers; received 1.5 at 0",
  );
  expect(() => paddingsFor([1], { most: 0 })).toThrow(
    "[trainers/paddings] expected most to be a positive integer; received 0",
  );
});
