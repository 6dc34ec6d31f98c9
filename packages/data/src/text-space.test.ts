import type { TextPreprocessing } from "@graft-ml/core";
import { expect, test } from "vitest";
import { featureStore } from "./feature-store.ts";
import { testFolder } from "./folder.fixture.ts";
import { textHash, textSpaceParts } from "./text-space.ts";
import { TOKENIZER_VERSION } from "./tokenize.ts";

const preprocessing: TextPreprocessing = {
  tokenizer: "wordpiece",
  maxTokens: 128,
  padId: 0,
  mask: "attention_mask",
  pooling: "mean",
};
const parts = {
  weights: "a".repeat(64),
  boundary: "features",
  precision: "f32",
  dims: [4],
  tokenizer: "b".repeat(64),
  preprocessing,
} as const;

test("hashes texts and pairs without confusing them", () => {
  const texts = [
    textHash("a"),
    textHash("ab"),
    textHash("a", "b"),
    textHash("", "ab"),
    textHash("ab", ""),
    textHash('["a","b"]'),
  ];
  expect(new Set(texts).size).toBe(texts.length);
  expect(textHash("a", "b")).toBe(textHash("a", "b"));
  expect(textHash("\ud800")).not.toBe(textHash("\ufffd"));
  // printf '["a"]' | sha256sum
  expect(textHash("a")).toBe("0eb5b8d6f81bc677da8a08567cc4fa9a06a57e9ec8da85ed73a7f62727996002");
});

test("names what features of texts depend on, and nothing else", () => {
  expect(textSpaceParts(parts)).toEqual({
    weights: parts.weights,
    boundary: "features",
    precision: "f32",
    dims: [4],
    preprocessing: { maxTokens: 128, pooling: "mean" },
    decoder: `${TOKENIZER_VERSION} ${parts.tokenizer}`,
  });
});

test("each of them opens another space, padding does not", async () => {
  const store = featureStore({ directory: testFolder() });
  const key = async (change: object) => (await store.open(textSpaceParts({ ...parts, ...change }))).key;
  const plain = await key({});
  expect(await key({ preprocessing: { ...preprocessing, padId: 1 } })).toBe(plain);
  const others = [
    await key({ tokenizer: "c".repeat(64) }),
    await key({ preprocessing: { ...preprocessing, maxTokens: 64 } }),
    await key({ preprocessing: { ...preprocessing, pooling: "cls" } }),
    await key({ weights: "d".repeat(64) }),
    await key({ boundary: "encoder.3" }),
    await key({ precision: "f16" }),
    await key({ dims: [8] }),
  ];
  expect(new Set([plain, ...others]).size).toBe(8);
});
