import { float32, type Random, type Tensor } from "@graft-ml/core";

/** Samples that a trainer draws batches from. */
export interface SampleSource<Target = unknown> {
  readonly length: number;
  /** Shape of one sample at the boundary. */
  readonly dims: readonly number[];
  readonly targets: readonly Target[];
  /** Writes the samples' values one after another into `into`. */
  gather(indices: readonly number[], into: Float32Array): Promise<void>;
}

/** A source over values that are already in memory, `[length, ...dims]`. */
export function inMemory<Target>(
  values: Float32Array,
  dims: readonly number[],
  targets: readonly Target[],
): SampleSource<Target> {
  const size = dims.reduce((a, b) => a * b, 1);
  return {
    length: targets.length,
    dims,
    targets,
    async gather(indices, into) {
      for (const [i, index] of indices.entries()) into.set(values.subarray(index * size, (index + 1) * size), i * size);
    },
  };
}

/** A part of another source, by index. */
export function subset<Target>(source: SampleSource<Target>, indices: readonly number[]): SampleSource<Target> {
  return {
    length: indices.length,
    dims: source.dims,
    targets: indices.map((index) => source.targets[index]!),
    gather: (wanted, into) =>
      source.gather(
        wanted.map((index) => indices[index]!),
        into,
      ),
  };
}

/** One epoch's batches of indices, shuffled; the last one may be short. */
export function epochBatches(length: number, batch: number, random: Random): number[][] {
  const order = random.shuffle(Array.from({ length }, (_, i) => i));
  return Array.from({ length: Math.ceil(length / batch) }, (_, i) => order.slice(i * batch, (i + 1) * batch));
}

/** Batches of an epoch that are trained on: the short one at the end is left out where live statistics would see its padding. */
export function stepsPerEpoch(length: number, batch: number, normalization: "frozen" | "live"): number {
  return normalization === "live" && length > batch ? Math.floor(length / batch) : Math.ceil(length / batch);
}

/** A batch's values, padded with zeros to the full size. */
export async function gatherBatch(source: SampleSource, indices: readonly number[], batch: number): Promise<Tensor> {
  const size = source.dims.reduce((a, b) => a * b, 1);
  const values = new Float32Array(batch * size);
  await source.gather(indices, values);
  return float32([batch, ...source.dims], values);
}
