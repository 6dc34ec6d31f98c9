import {
  type Backbone,
  checkInterrupted,
  type Engine,
  fail,
  type Graph,
  type RunControl,
  sizeOf,
} from "@graft-ml/core";
import { DECODER_VERSION, decodeBatches, type FeatureSpace, featureStore, type ImageSample } from "@graft-ml/data";
import { inferShapes, upTo } from "@graft-ml/graph";
import { inMemory, type SampleSource } from "@graft-ml/trainers";

/** Features of samples at a boundary, in the store. */
export interface Extracted {
  readonly dims: readonly number[];
  readonly space: FeatureSpace;
  readonly hits: number;
  readonly misses: number;
  /** Samples whose pictures could not be decoded. */
  readonly failed: readonly { readonly sample: ImageSample; readonly reason: string }[];
  /** Waiting for pictures, and running the graph. */
  readonly seconds: { readonly decode: number; readonly features: number };
}

/** How features are extracted. */
export interface ExtractOptions {
  readonly engine: Engine;
  /** Cache folder; `false` keeps features in a temporary place of this run. Default: the user's cache. */
  readonly cache?: string;
  readonly threads?: number;
  readonly control?: RunControl;
}

/** Pictures in one run of the prefix: from 4 on the size makes little difference (docs/performance.md), and small ones are decoded sooner. */
const BATCH = 16;
/** Samples and bytes written at once: what a killed run can lose, and what waits in memory. */
const SHARD = 256;
const SHARD_BYTES = 64 * 1024 ** 2;

/** Runs the frozen part once over the samples that the store does not have yet. */
export async function extractFeatures(
  backbone: Backbone,
  boundary: string,
  samples: readonly ImageSample[],
  options: ExtractOptions,
): Promise<Extracted> {
  const { card, graph } = backbone;
  const { control } = options;
  const dims = boundaryDims(graph, boundary);
  const store = featureStore({
    ...(options.cache === undefined ? {} : { directory: options.cache }),
    onNotice: (message) => control?.onEvent?.({ type: "notice", message }),
  });
  const space = await store.open({
    weights: card.precision === undefined ? card.sha256 : `${card.sha256} ${card.precision.products}`,
    boundary,
    precision: "f16",
    preprocessing: card.preprocessing,
    decoder: DECODER_VERSION,
    dims,
  });
  const missing = (await space.missing(samples.map((sample) => sample.sha256))).map((i) => samples[i]!);
  const failed: { sample: ImageSample; reason: string }[] = [];
  const seconds = { decode: 0, features: 0 };
  if (missing.length > 0) {
    control?.onEvent?.({ type: "stage", stage: "features", total: missing.length });
    await fill(space, upTo(graph, [boundary]), backbone, missing, options, failed, seconds);
  }
  return { dims, space, hits: samples.length - missing.length, misses: missing.length, failed, seconds };
}

async function fill(
  space: FeatureSpace,
  prefix: Graph,
  { card }: Backbone,
  samples: readonly ImageSample[],
  { engine, threads, control }: ExtractOptions,
  failed: { sample: ImageSample; reason: string }[],
  seconds: { decode: number; features: number },
): Promise<void> {
  const program = await engine.prepare(prefix, { background: true, ...(threads !== undefined && { threads }) });
  const boundary = prefix.outputs[0]!.name;
  let pending: { hashes: string[]; values: Float32Array[] } = { hashes: [], values: [] };
  const flush = async (): Promise<void> => {
    if (pending.hashes.length > 0) await space.append(pending.hashes, concatenate(pending.values));
    pending = { hashes: [], values: [] };
  };
  try {
    let mark = performance.now();
    const lap = (): number => {
      const before = mark;
      mark = performance.now();
      return (mark - before) / 1000;
    };
    let done = 0;
    const onFailure = (index: number, reason: string): void => void failed.push({ sample: samples[index]!, reason });
    const decoding = decodeBatches(samples, card.preprocessing, {
      batch: BATCH,
      onFailure,
      ...(control && { control }),
    });
    for await (const { indices, images } of decoding) {
      checkInterrupted(control?.signal, "graft/features");
      seconds.decode += lap();
      const outputs = await program.run({ [card.input]: images });
      pending.hashes.push(...indices.map((index) => samples[index]!.sha256));
      pending.values.push(outputs[boundary]!.data as Float32Array);
      const waiting = pending.hashes.length;
      if (waiting >= SHARD || waiting * sizeOf(space.dims) * 4 >= SHARD_BYTES) await flush();
      seconds.features += lap();
      done += indices.length;
      control?.onEvent?.({ type: "progress", stage: "features", done, total: samples.length });
    }
  } finally {
    // What was computed is kept even when the run is stopped.
    await flush();
    await program.release();
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

function boundaryDims(graph: Graph, boundary: string): number[] {
  const value = inferShapes(graph, { batch: 1 }).values.get(boundary);
  const dims = value?.dims.slice(1) ?? [];
  if (value === undefined || dims.some((dim) => typeof dim !== "number")) {
    throw fail(
      "graft/features",
      `the boundary "${boundary}" has no static shape: [${value?.dims.join(", ") ?? "unknown"}]`,
    );
  }
  return dims as number[];
}

/** Features up to this many bytes are held in memory; larger ones are read batch by batch. */
const IN_MEMORY = 1024 ** 3;

/** Samples with their stored features, ready for a trainer. */
export async function featureSource(
  extracted: Extracted,
  samples: readonly ImageSample[],
): Promise<SampleSource<number>> {
  const { space, dims } = extracted;
  const size = sizeOf(dims);
  const hashes = samples.map((sample) => sample.sha256);
  const targets = samples.map((sample) => sample.label);
  if (hashes.length * size * 4 > IN_MEMORY) {
    const gather = (indices: readonly number[], into: Float32Array): Promise<void> =>
      readAll(
        space,
        indices.map((index) => hashes[index]!),
        into.subarray(0, indices.length * size),
      );
    return { length: hashes.length, dims, targets, gather };
  }
  const values = new Float32Array(hashes.length * size);
  await readAll(space, hashes, values);
  return inMemory(values, dims, targets);
}

/** All features of a source, `[samples, ...dims]`. */
export async function allFeatures(source: SampleSource): Promise<Float32Array> {
  const values = new Float32Array(source.length * sizeOf(source.dims));
  await source.gather(
    Array.from({ length: source.length }, (_, i) => i),
    values,
  );
  return values;
}

async function readAll(space: FeatureSpace, hashes: readonly string[], into: Float32Array): Promise<void> {
  const lost = await space.readInto(hashes, into);
  if (lost.length > 0) {
    throw fail(
      "graft/features",
      `${lost.length} cached features were lost while they were in use; run again to compute them anew`,
    );
  }
}
