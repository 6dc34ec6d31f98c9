import { fail, seededRandom, type Tensor, tensor } from "@graft-ml/core";
import type { TokenizedTexts } from "./tokenize.ts";

const WHERE = "data/tokenized-batches";

/** How samples are put in batches. */
export interface LengthBatchOptions {
  /** Most samples in one. */
  readonly batch: number;
  /** Batches are padded to a multiple of this many tokens, which some hardware likes. Default: 1. */
  readonly multipleOf?: number;
  /** Longest sequence that the network takes: rounding up to `multipleOf` stops there. */
  readonly limit?: number;
  /** Shuffles samples of about equal length among each other, and the batches. Left out, the longest come first. */
  readonly seed?: number | string;
  /** Samples whose lengths differ by less than about this share mix when shuffled, 0..1. Default: 0.1. */
  readonly spread?: number;
}

/** Samples that go through a network together. */
export interface LengthBatch {
  /** Places of the samples. */
  readonly indices: readonly number[];
  /** Length to which all are padded. */
  readonly tokens: number;
}

/** Samples in batches of similar lengths. */
export interface LengthBatches {
  readonly batches: readonly LengthBatch[];
  /** Share of all positions that is padding, 0..1. */
  readonly padding: number;
}

/** Puts samples of similar lengths in batches, each sample in one: little is padded. The same seed gives the same batches. */
export function lengthBatches(lengths: readonly number[], options: LengthBatchOptions): LengthBatches {
  const { batch, multipleOf = 1, limit = Number.POSITIVE_INFINITY, seed, spread = 0.1 } = options;
  for (const [name, value] of Object.entries({ batch, multipleOf })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw fail(WHERE, `expected ${name} to be a positive integer; received ${value}`);
  }
  if (!(spread >= 0 && spread <= 1)) throw fail(WHERE, `expected spread to be a share from 0 to 1; received ${spread}`);
  const random = seed === undefined ? undefined : seededRandom(`${seed}/length-batches`);
  const ranked = lengths.map((length, i) => {
    if (!Number.isSafeInteger(length) || length < 0 || length > limit) {
      const upTo = Number.isFinite(limit) ? ` of at most ${limit}` : "";
      throw fail(WHERE, `expected lengths${upTo} that are whole numbers; received ${length} at ${i}`);
    }
    return { i, rank: random ? length * (1 + spread * (random.uniform() - 0.5)) : length };
  });
  ranked.sort((a, b) => b.rank - a.rank || a.i - b.i);
  const batches: LengthBatch[] = [];
  let positions = 0;
  for (let start = 0; start < ranked.length; start += batch) {
    const indices = ranked.slice(start, start + batch).map(({ i }) => i);
    const longest = indices.reduce((most, i) => Math.max(most, lengths[i]!), 1);
    const tokens = Math.min(Math.ceil(longest / multipleOf) * multipleOf, limit);
    batches.push({ indices, tokens });
    positions += indices.length * tokens;
  }
  const filled = lengths.reduce((sum, length) => sum + length, 0);
  return { batches: random?.shuffle(batches) ?? batches, padding: positions === 0 ? 0 : 1 - filled / positions };
}

/** A batch of token ids as a network takes it, int64 `[batch, tokens]` each. */
export interface PaddedTokens {
  readonly ids: Tensor;
  /** 1 where there is a token, 0 where there is padding. */
  readonly mask: Tensor;
  /** Which text of a pair a token is of; 0 everywhere where there are no pairs. */
  readonly types: Tensor;
}

/** Makes the tensors of a batch, filled up with `padId` behind the tokens. */
export function padTokens(texts: TokenizedTexts, { indices, tokens }: LengthBatch, padId: number): PaddedTokens {
  const dims = [indices.length, tokens];
  const ids = new BigInt64Array(indices.length * tokens).fill(BigInt(padId));
  const mask = new BigInt64Array(ids.length);
  const types = new BigInt64Array(ids.length);
  for (const [row, i] of indices.entries()) {
    const from = texts.ids[i];
    if (from === undefined || from.length > tokens) {
      const received = from === undefined ? `no text ${i}` : `text ${i} of ${from.length}`;
      throw fail(WHERE, `expected texts of at most ${tokens} tokens; received ${received}`);
    }
    const type = texts.types?.[i];
    for (const [at, id] of from.entries()) {
      ids[row * tokens + at] = BigInt(id);
      if (type) types[row * tokens + at] = BigInt(type[at]!);
    }
    mask.fill(1n, row * tokens, row * tokens + from.length);
  }
  return { ids: tensor("int64", dims, ids), mask: tensor("int64", dims, mask), types: tensor("int64", dims, types) };
}

/** Writes a batch's results `[batch, ...]` to the places of its samples in `out` `[samples, ...]`. */
export function placeRows(out: Float32Array, indices: readonly number[], rows: Float32Array): void {
  const each = rows.length / Math.max(1, indices.length);
  if (!Number.isInteger(each))
    throw fail(WHERE, `expected rows of ${indices.length} samples; received ${rows.length} values`);
  for (const [row, i] of indices.entries()) {
    if ((i + 1) * each > out.length)
      throw fail(WHERE, `expected room for sample ${i} of ${each} values; received ${out.length}`);
    out.set(rows.subarray(row * each, (row + 1) * each), i * each);
  }
}
