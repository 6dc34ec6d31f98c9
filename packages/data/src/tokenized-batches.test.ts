import { expect, test } from "vitest";
import { padTokens, placeRows } from "./tokenized-batches.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

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
  const out = new Float32Array(10);
  for (const indices of [[3, 0], [1, 4], [2]])
    placeRows(out, indices, Float32Array.from(indices.flatMap((i) => [i, -i])));
  expect([...out]).toEqual(range(5).flatMap((i) => [i, -i]));
  expect(() => placeRows(out, [0, 1], new Float32Array(3))).toThrow("expected rows of 2 samples; received 3 values");
  expect(() => placeRows(new Float32Array(2), [1], new Float32Array(2))).toThrow(
    "expected room for sample 1 of 2 values; received 2",
  );
});
