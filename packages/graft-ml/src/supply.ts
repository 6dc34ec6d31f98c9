import type { SampleSource } from "@graft-ml/trainers";

/** What running the frozen part over samples has cost; what it gave is in the feature store. */
export interface FrozenPass {
  /** Samples found in the store and missing from it. */
  readonly hits: number;
  readonly misses: number;
  readonly space: { readonly bytes: number };
  /** Samples that could not be used. */
  readonly failed: readonly { readonly sample: { readonly path: string }; readonly reason: string }[];
  /** Waiting for pictures or tokens, and running the graph. */
  readonly seconds: { readonly decode: number; readonly features: number };
}

/** Samples ready at a boundary. */
export interface Prepared<Sample> {
  readonly train: SampleSource<number>;
  /** The dataset's own validation samples, if it has any. */
  readonly validation?: SampleSource<number>;
  readonly test: SampleSource<number>;
  /** In the order of `test`. */
  readonly testSamples: readonly Sample[];
  /** What the frozen part cost; absent where nothing lies below the boundary. */
  readonly extracted?: FrozenPass;
}

/** Gives a dataset's samples at any boundary of one pretrained model, from the feature store as far as they are there. */
export interface SampleSupply<Sample> {
  at(boundary: string): Promise<Prepared<Sample>>;
}
