import { fail, type Random } from "@graft-ml/core";
import type { SampleBatch } from "./batches.ts";

const WHERE = "trainers/length-batches";

/** How samples are put in batches. */
export interface LengthBatchOptions {
  /** Most samples in one. */
  readonly batch: number;
  /** Batches are padded to a multiple of this many tokens, which some hardware likes. Default: 1. */
  readonly multipleOf?: number;
  /** Longest sequence that the network takes: rounding up to `multipleOf` stops there. */
  readonly limit?: number;
  /** Lengths that batches are padded to, ascending, instead of a multiple: a graph for each is enough. */
  readonly paddings?: readonly number[];
  /** Shuffles samples that are padded about alike among each other, and the batches. Left out, the longest come first. */
  readonly random?: Random;
  /**
   * Samples whose lengths differ by less than about this share mix when shuffled, 0..1. Default: 0.1. With `paddings` all mix that are
   * padded to the same length, since that costs nothing.
   */
  readonly spread?: number;
}

/** Samples in batches of similar lengths. */
export interface LengthBatches {
  readonly batches: readonly (SampleBatch & { readonly tokens: number })[];
  /** Share of all positions that is padding, 0..1. */
  readonly padding: number;
}

/** Puts samples of similar lengths in batches, each sample in one: little is padded. */
export function lengthBatches(lengths: readonly number[], options: LengthBatchOptions): LengthBatches {
  const { batch, multipleOf = 1, paddings, random, spread = 0.1 } = options;
  const { limit = paddings?.at(-1) ?? Number.POSITIVE_INFINITY } = options;
  for (const [name, value] of Object.entries({ batch, multipleOf })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw fail(WHERE, `expected ${name} to be a positive integer; received ${value}`);
  }
  if (!(spread >= 0 && spread <= 1)) throw fail(WHERE, `expected spread to be a share from 0 to 1; received ${spread}`);
  const ranked = lengths.map((length, i) => {
    if (!Number.isSafeInteger(length) || length < 0 || length > limit) {
      const upTo = Number.isFinite(limit) ? ` of at most ${limit}` : "";
      throw fail(WHERE, `expected lengths${upTo} that are whole numbers; received ${length} at ${i}`);
    }
    if (random === undefined) return { i, rank: length };
    const place = random.uniform();
    if (paddings === undefined) return { i, rank: length * (1 + spread * (place - 0.5)) };
    return { i, rank: paddings.findIndex((padding) => padding >= length) + place };
  });
  ranked.sort((a, b) => b.rank - a.rank || a.i - b.i);
  const batches: (SampleBatch & { readonly tokens: number })[] = [];
  let positions = 0;
  const rest = ranked.length % batch;
  // A short batch of always the shortest would give them more weight than others have.
  const short = random && rest > 0 ? random.integer(Math.ceil(ranked.length / batch)) : undefined;
  for (let start = 0; start < ranked.length; ) {
    const size = batches.length === short ? rest : batch;
    const indices = ranked.slice(start, start + size).map(({ i }) => i);
    start += size;
    const longest = indices.reduce((most, i) => Math.max(most, lengths[i]!), 1);
    const tokens =
      paddings?.find((padding) => padding >= longest) ?? Math.min(Math.ceil(longest / multipleOf) * multipleOf, limit);
    batches.push({ indices, tokens });
    positions += indices.length * tokens;
  }
  const filled = lengths.reduce((sum, length) => sum + length, 0);
  return { batches: random?.shuffle(batches) ?? batches, padding: positions === 0 ? 0 : 1 - filled / positions };
}
