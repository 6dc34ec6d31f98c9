import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { card, modelUrl, tokenizerUrl } from "./index.ts";

interface GoldenSentence {
  readonly features: readonly number[];
  readonly hidden: readonly number[];
}
interface Golden {
  readonly hiddenKept: number;
  readonly sentences: readonly string[];
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
  readonly original: readonly GoldenSentence[];
  readonly rounded: readonly GoldenSentence[];
}

function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
}

describe("the files", () => {
  it("are the ones the card describes", async () => {
    const bytes = await readFile(modelUrl);
    expect(bytes.byteLength).toBe(card.bytes);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(card.sha256);
    const tokenizer = await readFile(tokenizerUrl);
    expect(createHash("sha256").update(tokenizer).digest("hex")).toBe(card.preprocessing.tokenizerSha256);
  });

  it("have a tokenizer that knows the card's padding and as many words as the table has rows", async () => {
    const { model, added_tokens: added } = JSON.parse(await readFile(tokenizerUrl, "utf8"));
    expect(model.type).toBe("WordPiece");
    expect(Object.keys(model.vocab)).toHaveLength(30_522);
    expect(added[0]).toMatchObject({ id: card.preprocessing.padId, content: "[PAD]" });
  });
});

describe("hidden states and features", () => {
  let golden: Golden;
  let sentences: GoldenSentence[];
  let session: InferenceSession;

  const run = (ids: readonly number[][], mask: readonly number[][]): Promise<InferenceSession.OnnxValueMapType> => {
    const tensor = (rows: readonly number[][]): Tensor =>
      new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);
    return session.run({ [card.input]: tensor(ids), [card.preprocessing.mask]: tensor(mask) });
  };

  beforeAll(async () => {
    golden = JSON.parse(await readFile(new URL("../golden/minilm-l6.json", import.meta.url), "utf8"));
    session = await InferenceSession.create(await readFile(modelUrl), { intraOpNumThreads: 2 });
    expect(session.inputNames).toEqual([card.input, card.preprocessing.mask]);
    expect(session.outputNames).toEqual([card.output, card.features]);
    const outputs = await run(golden.inputIds, golden.attentionMask);
    const [hidden, features] = [outputs[card.output]!, outputs[card.features]!];
    const [batch, tokens] = [golden.sentences.length, golden.inputIds[0]!.length];
    expect(hidden.dims).toEqual([batch, tokens, card.numFeatures]);
    expect(features.dims).toEqual([batch, card.numFeatures]);
    sentences = golden.attentionMask.map((mask, n) => ({
      features: Array.from((features.data as Float32Array).subarray(n * card.numFeatures, (n + 1) * card.numFeatures)),
      hidden: mask.flatMap((present, i) => {
        const from = (n * tokens + i) * card.numFeatures;
        return present ? Array.from((hidden.data as Float32Array).subarray(from, from + golden.hiddenKept)) : [];
      }),
    }));
  }, 60_000);

  it("equal PyTorch's on the same weights, rounded as stored", () => {
    golden.rounded.forEach(({ hidden, features }, n) => {
      expect(largestDifference(sentences[n]!.hidden, hidden)).toBeLessThan(1e-4);
      expect(largestDifference(sentences[n]!.features, features)).toBeLessThan(1e-4);
    });
  });

  it("equal PyTorch's on the published weights, up to storage in int8 rows and float16", () => {
    golden.original.forEach(({ hidden, features }, n) => {
      expect(largestDifference(sentences[n]!.hidden, hidden)).toBeLessThan(0.05);
      expect(largestDifference(sentences[n]!.features, features)).toBeLessThan(0.02);
    });
  });

  it("do not depend on the padding", async () => {
    const [ids, mask] = [golden.inputIds[2]!, golden.attentionMask[2]!];
    const length = mask.reduce((a, b) => a + b, 0);
    expect(length).toBeLessThan(ids.length);
    const outputs = await run([ids.slice(0, length)], [mask.slice(0, length)]);
    const alone = Array.from(outputs[card.features]!.data as Float32Array);
    expect(largestDifference(alone, sentences[2]!.features)).toBeLessThan(1e-5);
  });
});
