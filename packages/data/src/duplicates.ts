import type { Split } from "./folder-layout.ts";
import type { SkippedPath } from "./folder-walk.ts";

/** A sample with the same content as another, which stands for both. */
export interface Duplicate {
  readonly path: string;
  readonly of: string;
}

/** What deciding between copies needs. */
export interface Copyable {
  readonly path: string;
  readonly relative: string;
  readonly sha256: string;
  readonly label: number;
  readonly split?: Split;
}

const KEEP_FIRST: readonly (Split | undefined)[] = ["test", "validation", "train", undefined];

/**
 * Leaves one sample for each content. The copy in the test set stays, then that in the validation set: what is measured
 * remains as given and is not trained on. A sample in two classes has no label that can be trusted: all its copies go.
 */
export function dropCopies<T extends Copyable>(
  samples: readonly T[],
  what: "picture" | "text" = "picture",
): { kept: T[]; duplicates: Duplicate[]; contradictions: SkippedPath[] } {
  const byContent = new Map<string, T[]>();
  for (const sample of samples) {
    const same = byContent.get(sample.sha256);
    if (same) same.push(sample);
    else byContent.set(sample.sha256, [sample]);
  }
  const kept: T[] = [];
  const duplicates: Duplicate[] = [];
  const contradictions: SkippedPath[] = [];
  for (const same of byContent.values()) {
    if (new Set(same.map(({ label }) => label)).size > 1) {
      contradictions.push(...same.map(({ path }) => ({ path, reason: `same ${what} in two classes` })));
      continue;
    }
    const rank = ({ split }: T) => KEEP_FIRST.indexOf(split);
    const [first, ...others] = same.sort((a, b) => rank(a) - rank(b) || (a.relative < b.relative ? -1 : 1));
    kept.push(first!);
    duplicates.push(...others.map(({ path }) => ({ path, of: first!.path })));
  }
  return { kept, duplicates, contradictions };
}
