import { seededRandom } from "@graft-ml/core";
import { type SampleSource, subset } from "@graft-ml/trainers";

/** Training samples split in two. */
export interface HeldOut {
  readonly train: SampleSource<number>;
  readonly validation: SampleSource<number>;
}

/** Keeps a stratified share (default 15 %) of the training samples for early stopping and calibration; a class with one sample stays whole. */
export function holdOut(source: SampleSource<number>, seed: number, share: number = 0.15): HeldOut {
  const random = seededRandom(seed).fork("hold-out");
  const byClass = new Map<number, number[]>();
  source.targets.forEach((label, i) => {
    const members = byClass.get(label);
    if (members) members.push(i);
    else byClass.set(label, [i]);
  });
  const held = new Set<number>();
  for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
    const members = random.shuffle(byClass.get(label)!);
    const count = Math.min(members.length - 1, Math.max(1, Math.round(members.length * share)));
    for (const index of members.slice(0, count)) held.add(index);
  }
  const all = Array.from({ length: source.length }, (_, i) => i);
  return {
    train: subset(
      source,
      all.filter((i) => !held.has(i)),
    ),
    validation: subset(
      source,
      all.filter((i) => held.has(i)),
    ),
  };
}
