import { allocate, fail, type Random, type Tensor, type Tensors } from "@graft-ml/core";
import { lengthBatches } from "./length-batches.ts";
import type { Sampler } from "./samplers/sampler.ts";

/** Samples that go through a network together. */
export interface SampleBatch {
  /** Places of the samples; one may come more than once. */
  readonly indices: readonly number[];
  /** Length that all of them are padded to, where samples are sequences. */
  readonly tokens?: number;
  /** Epoch of training, counted from 0, by which a source may vary its samples. Left out while measuring: they come as they are. */
  readonly epoch?: number;
  /** Asks for this one of a sample's kept views; 0 is the sample as it is. */
  readonly view?: number;
}

/** Samples that a trainer draws batches from. */
export interface SampleSource<Target = unknown> {
  readonly length: number;
  readonly targets: readonly Target[];
  /** Tokens of each sample where samples are sequences: those of similar length then go through the network together. */
  readonly lengths?: readonly number[];
  /** Lengths that batches are padded to, ascending; the last one is at least the longest sample's. Comes with `lengths`. */
  readonly paddings?: readonly number[];
  /** Views of each sample that are kept, the sample as it is among them; training draws one a visit. Default: 1. */
  readonly views?: number;
  /** Which view of a sample an epoch draws, where views are kept. */
  readonly drawn?: (index: number, epoch: number) => number;
  /** Everything that the network takes of these samples, by the names of its inputs, `[batch, ...]` each. */
  feed(batch: SampleBatch): Promise<Tensors>;
}

/** A source over values that are already in memory, `[length, ...]`, fed to one input. */
export function inMemory<Target>(input: string, values: Tensor, targets: readonly Target[]): SampleSource<Target> {
  const [length, ...dims] = values.dims;
  if (length !== targets.length)
    throw fail("trainers/in-memory", `expected one target a sample; received ${targets.length} for ${length}`);
  const size = dims.reduce((a, b) => a * b, 1);
  return {
    length: targets.length,
    targets,
    async feed({ indices }) {
      const data = allocate(values.dtype, indices.length * size);
      for (const [i, index] of indices.entries()) {
        data.set(values.data.subarray(index * size, (index + 1) * size) as never, i * size);
      }
      return { [input]: { dtype: values.dtype, dims: [indices.length, ...dims], data } };
    },
  };
}

/** A part of another source, by index. */
export function subset<Target>(source: SampleSource<Target>, indices: readonly number[]): SampleSource<Target> {
  const { lengths, paddings, views, drawn } = source;
  return {
    length: indices.length,
    targets: indices.map((index) => source.targets[index]!),
    ...(lengths && { lengths: indices.map((index) => lengths[index]!) }),
    ...(paddings && { paddings }),
    ...(drawn && { drawn: (index: number, epoch: number) => drawn(indices[index]!, epoch) }),
    ...(views !== undefined && { views }),
    feed: (batch) => source.feed({ ...batch, indices: batch.indices.map((index) => indices[index]!) }),
  };
}

/**
 * One epoch's batches, shuffled, each sample in one unless a sampler draws otherwise; one of them may be short. Sequences of similar
 * length come together.
 */
export function epochBatches(
  source: Pick<SampleSource, "length" | "lengths" | "paddings"> & Partial<Pick<SampleSource, "targets">>,
  batch: number,
  random: Random,
  sampler?: Sampler,
): readonly SampleBatch[] {
  const { length, lengths, paddings } = source;
  if (sampler !== undefined) return drawnBatches(source, batch, random, sampler);
  if (lengths !== undefined) return lengthBatches(lengths, { batch, random, ...(paddings && { paddings }) }).batches;
  const order = random.shuffle(Array.from({ length }, (_, i) => i));
  return inChunks(order, batch);
}

/** An epoch's batches of the samples that a sampler draws. */
function drawnBatches(
  { length, targets = [], lengths, paddings }: Parameters<typeof epochBatches>[0],
  batch: number,
  random: Random,
  sampler: Sampler,
): readonly SampleBatch[] {
  const drawn = sampler.draw({ length, targets }, random);
  if (lengths === undefined) return inChunks(drawn, batch);
  const own = drawn.map((index) => lengths[index]!);
  const { batches } = lengthBatches(own, { batch, random, ...(paddings && { paddings }) });
  return batches.map(({ indices, tokens }) => ({ indices: indices.map((place) => drawn[place]!), tokens }));
}

/** All samples once, for measuring: in their order, or where they are sequences the longest first. */
export function plainBatches(
  { length, lengths, paddings }: Pick<SampleSource, "length" | "lengths" | "paddings">,
  batch: number,
): readonly SampleBatch[] {
  if (lengths !== undefined) return lengthBatches(lengths, { batch, ...(paddings && { paddings }) }).batches;
  return inChunks(
    Array.from({ length }, (_, i) => i),
    batch,
  );
}

/** Batches of an epoch that are trained on: the short one at the end is left out where live statistics would see its padding. */
export function stepsPerEpoch(length: number, batch: number, normalization: "frozen" | "affine" | "live"): number {
  return normalization === "live" && length > batch ? Math.floor(length / batch) : Math.ceil(length / batch);
}

/** An epoch's batches that are trained on, as many as `stepsPerEpoch` says. */
export function trainedBatches(
  source: Parameters<typeof epochBatches>[0],
  batch: number,
  random: Random,
  normalization: "frozen" | "affine" | "live",
  sampler?: Sampler,
): readonly SampleBatch[] {
  const batches = epochBatches(source, batch, random, sampler);
  return normalization === "live" && source.length > batch
    ? batches.filter(({ indices }) => indices.length === batch)
    : batches;
}

/** A batch filled up to its full size by repeating its first sample, whose copies then get no weight. */
export function padded(batch: SampleBatch, size: number): SampleBatch {
  const { indices } = batch;
  return { ...batch, indices: Array.from({ length: size }, (_, i) => indices[i] ?? indices[0]!) };
}

function inChunks(order: readonly number[], batch: number): SampleBatch[] {
  return Array.from({ length: Math.ceil(order.length / batch) }, (_, i) => ({
    indices: order.slice(i * batch, (i + 1) * batch),
  }));
}
