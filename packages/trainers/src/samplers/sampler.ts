import type { Random } from "@graft-ml/core";

/** What the samples of an epoch are drawn from. */
export interface SamplePool {
  readonly length: number;
  readonly targets: readonly unknown[];
}

/** Chooses the samples of an epoch. */
export interface Sampler {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** Places of `pool.length` samples in the order of training; one may come more than once, another not at all. */
  draw(pool: SamplePool, random: Random): number[];
}
