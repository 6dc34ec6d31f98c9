import { createHash } from "node:crypto";
import { type Random, seededRandom } from "@graft-ml/core";

/** The stream that varies one sample on one visit: the same after a stop as without one, whatever else is in the batch. */
export function visitRandom(seed: number, epoch: number, hash: string): Random {
  return seededRandom(`${seed}/augment/epoch ${epoch}/${hash}`);
}

/** The stream that makes one kept view of a sample. */
export function viewRandom(seed: number, view: number, hash: string): Random {
  return seededRandom(`${seed}/augment/view ${view}/${hash}`);
}

/** Which of its kept views a sample shows in an epoch of training: view 0 is the sample as it is. */
export function drawnView(seed: number, epoch: number, hash: string, views: number): number {
  return seededRandom(`${seed}/augment/draw ${epoch}/${hash}`).integer(views);
}

/**
 * What features of a view are kept under, in hexadecimal. View 0 is the sample itself and goes by its own hash, so that runs with
 * and without augmentation share it; `description` is `describeAugmentations` of the list that makes the others.
 */
export function viewHash(hash: string, view: number, description: string, seed: number): string {
  if (view === 0) return hash;
  return createHash("sha256")
    .update(JSON.stringify([hash, description, seed, view]))
    .digest("hex");
}
