import {
  type Backbone,
  checkInterrupted,
  type Engine,
  fail,
  float32,
  type Graph,
  type Random,
  type RunControl,
  sizeOf,
} from "@graft-ml/core";
import {
  augmentPicture,
  DECODER_VERSION,
  type DecodeJob,
  decodeBatches,
  drawnView,
  type FeatureSpace,
  featureStore,
  type ImageSample,
  viewHash,
  viewRandom,
} from "@graft-ml/data";
import { inferShapes, upTo } from "@graft-ml/graph";
import { inMemory, type SampleSource } from "@graft-ml/trainers";
import { keptUnder, type SampleViews } from "./pictures/views.ts";
import { concatenate, IN_MEMORY, readRows, weightsKey } from "./stored-rows.ts";

/** Features of samples at a boundary, in the store. */
export interface Extracted {
  readonly dims: readonly number[];
  readonly space: FeatureSpace;
  /** Samples found in the store and missing from it, each view counted. */
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
  /** Views of the training samples that are kept. Default: each as it is. */
  readonly views?: SampleViews;
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
    weights: weightsKey(card),
    boundary,
    precision: "f16",
    preprocessing: card.preprocessing,
    decoder: DECODER_VERSION,
    dims,
  });
  const wanted = samples.flatMap((sample) => shownAs(sample, backbone, options.views));
  const missing = (await space.missing(wanted.map(({ hash }) => hash))).map((i) => wanted[i]!);
  const failed: { sample: ImageSample; reason: string }[] = [];
  const seconds = { decode: 0, features: 0 };
  if (missing.length > 0) {
    control?.onEvent?.({ type: "stage", stage: "features", total: missing.length });
    await fill(space, upTo(graph, [boundary]), backbone, missing, options, failed, seconds);
  }
  return { dims, space, hits: wanted.length - missing.length, misses: missing.length, failed, seconds };
}

/** One picture on its way into the store. */
interface Shown extends DecodeJob {
  readonly sample: ImageSample;
  readonly hash: string;
}

/** A sample as it is and, where it is trained on, its other views. */
function shownAs(sample: ImageSample, { card }: Backbone, views: SampleViews | undefined): Shown[] {
  const { path, sha256, split } = sample;
  const asItIs = { sample, path, hash: sha256 };
  if (views === undefined || split !== "train") return [asItIs];
  const { list, seed, count } = views;
  const others = Array.from({ length: count - 1 }, (_, i): Shown => {
    const view = i + 1;
    const hash = viewHash(sha256, view, views.description, seed);
    const random = (): Random => viewRandom(seed, view, sha256);
    return { sample, path, hash, fit: (decoded) => augmentPicture(decoded, list, card.preprocessing, random()) };
  });
  return [asItIs, ...others];
}

async function fill(
  space: FeatureSpace,
  prefix: Graph,
  { card }: Backbone,
  samples: readonly Shown[],
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
    const onFailure = (index: number, reason: string): void => {
      const { sample } = samples[index]!;
      // All views of a picture fail together.
      if (failed.at(-1)?.sample !== sample) failed.push({ sample, reason });
    };
    const decoding = decodeBatches(samples, card.preprocessing, {
      batch: BATCH,
      onFailure,
      ...(control && { control }),
    });
    for await (const { indices, images } of decoding) {
      checkInterrupted(control?.signal, "graft/features");
      seconds.decode += lap();
      const outputs = await program.run({ [card.input]: images });
      pending.hashes.push(...indices.map((index) => samples[index]!.hash));
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

/** Samples with their stored features, fed at the boundary, ready for a trainer; with `views` training draws one of them a visit. */
export async function featureSource(
  boundary: string,
  extracted: Extracted,
  samples: readonly ImageSample[],
  views?: SampleViews,
): Promise<SampleSource<number>> {
  const targets = samples.map((sample) => sample.label);
  const count = views?.count ?? 1;
  const hashes = samples.flatMap(({ sha256 }) =>
    Array.from({ length: count }, (_, view) => keptUnder(sha256, view, views)),
  );
  const rows = await rowSource(
    boundary,
    extracted,
    hashes,
    hashes.map((_, row) => targets[Math.floor(row / count)]!),
  );
  if (views === undefined) return rows;
  const drawn = (index: number, epoch: number): number => drawnView(views.seed, epoch, samples[index]!.sha256, count);
  return {
    length: samples.length,
    targets,
    views: count,
    drawn,
    feed: ({ indices, epoch, view }) =>
      rows.feed({
        indices: indices.map((index) => index * count + (view ?? (epoch === undefined ? 0 : drawn(index, epoch)))),
      }),
  };
}

/** What is stored under hashes, one row each. */
async function rowSource(
  boundary: string,
  { space, dims }: Extracted,
  hashes: readonly string[],
  targets: readonly number[],
): Promise<SampleSource<number>> {
  const size = sizeOf(dims);
  if (hashes.length * size * 4 > IN_MEMORY) {
    const feed: SampleSource["feed"] = async ({ indices }) => {
      const values = new Float32Array(indices.length * size);
      await readRows(
        space,
        indices.map((index) => hashes[index]!),
        values,
      );
      return { [boundary]: float32([indices.length, ...dims], values) };
    };
    return { length: hashes.length, targets, feed };
  }
  const values = new Float32Array(hashes.length * size);
  await readRows(space, hashes, values);
  return inMemory(boundary, { dtype: "float32", dims: [hashes.length, ...dims], data: values }, targets);
}

/** Rows for a solver. */
export interface FeatureRows {
  /** `[rows, features]`, the first of them the samples as they are, in order. */
  readonly features: Float32Array;
  /** `[rows]`. */
  readonly labels: Int32Array;
  /** Number of the sample that a row is a view of, `[rows]`; absent where each sample has one row. */
  readonly groups?: Int32Array;
}

/** All features of a source, every kept view a row. */
export async function allRows(boundary: string, source: SampleSource<number>): Promise<FeatureRows> {
  const indices = Array.from({ length: source.length }, (_, i) => i);
  const { views = 1 } = source;
  const parts: Float32Array[] = [];
  for (let view = 0; view < views; view++) {
    parts.push((await source.feed({ indices, view }))[boundary]!.data as Float32Array);
  }
  const repeated = (values: readonly number[]): Int32Array =>
    Int32Array.from({ length: views * values.length }, (_, row) => values[row % values.length]!);
  return {
    features: views === 1 ? parts[0]! : concatenate(parts),
    labels: repeated(source.targets),
    ...(views > 1 && { groups: repeated(indices) }),
  };
}
