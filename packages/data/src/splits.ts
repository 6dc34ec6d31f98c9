import { createHash } from "node:crypto";
import { fail, seededRandom } from "@graft-ml/core";
import type { Split } from "./folder-layout.ts";

/** Shares of the data that are kept from training. */
export interface SplitShares {
  /** Of all, 0..1. */
  readonly test: number;
  /** Of what the test set leaves, 0..1. */
  readonly validation: number;
  readonly seed: number;
}

/** Refuses shares that are none; `where` speaks in errors. */
export function checkShares(where: string, shares: Readonly<Record<"test" | "validation", number>>): void {
  for (const [name, share] of Object.entries(shares)) {
    if (!(share >= 0 && share < 1))
      throw fail(where, `expected ${name} to be a share from 0 to below 1; received ${share}`);
  }
}

/** A sample to be placed; `split` where the dataset's own folders have placed it. */
export interface Splittable {
  readonly sha256: string;
  readonly label: number;
  readonly split?: Split;
}

/**
 * Places samples class by class. Each has its own random number from the seed and its content, so that neither names nor
 * order matter and a sample that is added moves few others. Where a share is above 0, a class of two or more samples gives at least one; training keeps one.
 */
export function assignSplits(samples: readonly Splittable[], { test, validation, seed }: SplitShares): Split[] {
  const splits = samples.map(({ split }): Split => split ?? "train");
  const divided = samples.some(({ split }) => split !== undefined);
  const hasValidation = samples.some(({ split }) => split === "validation");
  const take = (share: number, target: "test" | "validation") => {
    if (share === 0) return;
    const draw = (sample: Splittable) => seededRandom(`${seed}/${target}/${sample.sha256}`).uniform();
    for (const members of byLabel(samples, (i) => splits[i] === "train")) {
      const count = heldOut(members.length, share);
      const ranked = members.map((i) => ({ i, rank: draw(samples[i]!) })).sort((a, b) => a.rank - b.rank);
      for (const { i } of ranked.slice(0, count)) splits[i] = target;
    }
  };
  if (!divided) take(test, "test");
  if (!hasValidation) take(validation, "validation");
  return splits;
}

function byLabel(samples: readonly Splittable[], wanted: (i: number) => boolean): Iterable<number[]> {
  const groups = new Map<number, number[]>();
  samples.forEach(({ label }, i) => {
    if (!wanted(i)) return;
    const group = groups.get(label);
    if (group) group.push(i);
    else groups.set(label, [i]);
  });
  return groups.values();
}

function heldOut(samples: number, share: number): number {
  if (share === 0 || samples < 2) return 0;
  return Math.min(samples - 1, Math.max(1, Math.round(samples * share)));
}

/** sha256 over place, content, label and split of every sample: equal fingerprints, equal data. */
export function fingerprintOf(samples: readonly (Required<Splittable> & { readonly relative: string })[]): string {
  const hash = createHash("sha256");
  for (const { relative, sha256, label, split } of samples)
    hash.update(`${JSON.stringify([relative, sha256, label, split])}\n`);
  return hash.digest("hex");
}
