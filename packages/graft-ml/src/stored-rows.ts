import { type BackboneCard, fail, type Preprocessing } from "@graft-ml/core";
import type { FeatureSpace } from "@graft-ml/data";

/** Stored values up to this many bytes are held in memory; larger ones are read batch by batch. */
export const IN_MEMORY: number = 1024 ** 3;

/** What the values of a backbone are kept apart by: its weights, and the precision of its products. */
export function weightsKey({ sha256, precision }: Pick<BackboneCard<Preprocessing>, "sha256" | "precision">): string {
  return precision === undefined ? sha256 : `${sha256} ${precision.products}`;
}

/** Reads rows that were there a moment ago, one after another into `into`; `where` names whoever misses them. */
export async function readRows(
  space: FeatureSpace,
  hashes: readonly string[],
  into: Float32Array,
  where = "graft/features",
): Promise<void> {
  const lost = await space.readInto(hashes, into);
  if (lost.length === 0) return;
  throw fail(where, `${lost.length} cached features were lost while they were in use; run again to compute them anew`);
}

/** Rows one after another in one array. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Places by the space that has their rows, each space's in their order. */
export function bySpace(
  places: Iterable<number>,
  spaceOf: (place: number) => FeatureSpace,
): Map<FeatureSpace, number[]> {
  const found = new Map<FeatureSpace, number[]>();
  for (const place of places) {
    const space = spaceOf(place);
    const own = found.get(space);
    if (own) own.push(place);
    else found.set(space, [place]);
  }
  return found;
}
