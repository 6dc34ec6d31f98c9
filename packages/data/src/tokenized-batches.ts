import { fail, type Tensor, tensor } from "@graft-ml/core";
import type { TokenizedTexts } from "./tokenize.ts";

const WHERE = "data/tokenized-batches";

/** Samples that go through a network together. */
export interface LengthBatch {
  /** Places of the samples. */
  readonly indices: readonly number[];
  /** Length to which all are padded. */
  readonly tokens: number;
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
