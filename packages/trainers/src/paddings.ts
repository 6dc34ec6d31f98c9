import { fail } from "@graft-ml/core";

const WHERE = "trainers/paddings";

/** Which lengths sequences may be padded to. */
export interface PaddingOptions {
  /** Most lengths. Training prepares a graph for each. Default: 4. */
  readonly most?: number;
  /** Lengths are multiples of this. Default: 8. */
  readonly multipleOf?: number;
  /** Longest sequence that the network takes: rounding up to `multipleOf` stops there. */
  readonly limit?: number;
}

/**
 * The lengths, ascending and at most `most`, that sequences are best padded to: no others need fewer positions in all when each sequence
 * gets the shortest that it fits in. The last one holds the longest sequence.
 */
export function paddingsFor(lengths: readonly number[], options: PaddingOptions = {}): readonly number[] {
  const { most = 4, multipleOf = 8, limit = Number.POSITIVE_INFINITY } = options;
  for (const [name, value] of Object.entries({ most, multipleOf })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw fail(WHERE, `expected ${name} to be a positive integer; received ${value}`);
  }
  const counts = new Map<number, number>();
  for (const [i, length] of lengths.entries()) {
    if (!Number.isSafeInteger(length) || length < 0 || length > limit) {
      const upTo = Number.isFinite(limit) ? ` of at most ${limit}` : "";
      throw fail(WHERE, `expected lengths${upTo} that are whole numbers; received ${length} at ${i}`);
    }
    // A network wants at least one position, even for a sequence without tokens.
    const rounded = Math.min(Math.ceil(Math.max(1, length) / multipleOf) * multipleOf, limit);
    counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
  }
  const candidates = [...counts.keys()].sort((a, b) => a - b);
  return cheapest(
    candidates,
    candidates.map((length) => counts.get(length)!),
    most,
  );
}

/** The last candidate and those others that make Σ count · padding least, found from the shorter ones up. */
function cheapest(candidates: readonly number[], counts: readonly number[], most: number): readonly number[] {
  const upTo = [0];
  for (const count of counts) upTo.push(upTo.at(-1)! + count);
  // For the first candidates up to each one: fewest positions with as many paddings as rounds are done, and which.
  let least = candidates.map((length, last) => ({ positions: length * upTo[last + 1]!, chosen: [length] }));
  for (let round = 2; round <= Math.min(most, candidates.length); round++) {
    const fewer = least;
    least = candidates.map((length, last) => {
      // Where another length saves nothing the earlier choice stays: fewer lengths are fewer graphs.
      let found = fewer[last]!;
      for (let before = 0; before < last; before++) {
        const { positions: below, chosen } = fewer[before]!;
        const positions = below + length * (upTo[last + 1]! - upTo[before + 1]!);
        if (positions < found.positions) found = { positions, chosen: [...chosen, length] };
      }
      return found;
    });
  }
  return least.at(-1)?.chosen ?? [];
}
