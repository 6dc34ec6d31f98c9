import { availableParallelism } from "node:os";
import { checkInterrupted, fail, type ImagePreprocessing, type RunControl, type Tensor } from "@graft-ml/core";
import sharp from "sharp";
import { checkPreprocessing, type DecodedPicture, decodePicture, fitPicture, normalizeInto } from "./decode.ts";
import type { RgbPicture } from "./resample.ts";

/** A picture to decode. */
export interface DecodeJob {
  readonly path: string;
  /** Makes the picture of the network's size. Default: `fitPicture`, the middle resized. */
  readonly fit?: (decoded: DecodedPicture) => RgbPicture;
}

/** How a list of pictures is decoded. */
export interface DecodeOptions {
  /** Pictures a batch. */
  readonly batch: number;
  /** Pictures decoded at once. Default: the machine's cores. */
  readonly concurrency?: number;
  readonly control?: RunControl;
  /** Told of each picture that cannot be decoded; it is left out. Without it the first one throws. */
  readonly onFailure?: (index: number, reason: string) => void;
}

/** Decoded pictures with their places in the list of samples. */
export interface DecodedBatch {
  readonly indices: number[];
  /** float32 `[n, 3, size, size]`, or `[n, size, size, 3]` for NHWC; n is below `batch` where pictures failed or ran out. */
  readonly images: Tensor;
}

const AHEAD = 2;

/**
 * Decodes pictures in order, batch after batch, by a bounded pool that works on while the consumer uses a batch; at most
 * two batches wait. Neighbours of one path share a decoding. Batches whose pictures all failed are left out. Stops at the
 * control's signal with `interrupted`.
 */
export async function* decodeBatches(
  samples: readonly DecodeJob[],
  preprocessing: ImagePreprocessing,
  options: DecodeOptions,
): AsyncGenerator<DecodedBatch> {
  const { batch, concurrency = availableParallelism(), control } = options;
  for (const [name, value] of Object.entries({ batch, concurrency })) {
    if (!Number.isInteger(value) || value < 1) {
      throw fail("data/decode", `expected ${name} to be a positive integer; received ${value}`);
    }
  }
  checkPreprocessing(preprocessing);
  // Many small pictures at once: a thread a picture beats several threads on one.
  sharp.concurrency(1);
  const stop = new AbortController();
  const slots = pool(concurrency);
  const waiting: Promise<Outcome>[] = [];
  let next = 0;
  let done = 0;
  try {
    while (next < samples.length || waiting.length > 0) {
      while (next < samples.length && waiting.length <= AHEAD) {
        const indices = Array.from({ length: Math.min(batch, samples.length - next) }, (_, i) => next + i);
        next += indices.length;
        const decoded = decodeBatch(samples, indices, preprocessing, options, slots, stop.signal);
        // It may fail while an earlier batch is awaited; it is awaited in its turn.
        decoded.catch(() => {});
        waiting.push(decoded);
      }
      const { failures, ...decoded } = await waiting.shift()!;
      // Told here and not where they happen: in the order of the samples.
      for (const [index, reason] of failures) {
        if (options.onFailure === undefined) throw reason;
        options.onFailure(index, (reason as Error).message);
      }
      done = Math.min(done + batch, samples.length);
      control?.onEvent?.({ type: "progress", stage: "decode", done, total: samples.length });
      if (decoded.indices.length > 0) yield decoded;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(waiting);
  }
}

type Outcome = DecodedBatch & { readonly failures: readonly (readonly [index: number, reason: unknown])[] };

async function decodeBatch(
  samples: readonly DecodeJob[],
  indices: readonly number[],
  preprocessing: ImagePreprocessing,
  { control }: DecodeOptions,
  slots: <T>(work: () => Promise<T>) => Promise<T>,
  stop: AbortSignal,
): Promise<Outcome> {
  const { size, layout } = preprocessing;
  const each = 3 * size * size;
  const data = new Float32Array(indices.length * each);
  const decode = (path: string): Promise<DecodedPicture | undefined> =>
    slots(async () => {
      checkInterrupted(control?.signal, "data/decode");
      return stop.aborted ? undefined : decodePicture(path, preprocessing);
    });
  let last: { readonly path: string; readonly decoding: Promise<DecodedPicture | undefined> } | undefined;
  const outcomes = await Promise.allSettled(
    indices.map(async (index, i) => {
      const { path, fit = (picture: DecodedPicture) => fitPicture(picture, preprocessing) } = samples[index]!;
      if (last?.path !== path) last = { path, decoding: decode(path) };
      const decoded = await last.decoding;
      if (decoded !== undefined) normalizeInto(fit(decoded), preprocessing, data, i * each);
    }),
  );
  checkInterrupted(control?.signal, "data/decode");
  const kept: number[] = [];
  const failures: (readonly [number, unknown])[] = [];
  outcomes.forEach((outcome, i) => {
    if (outcome.status === "fulfilled") {
      if (kept.length < i) data.copyWithin(kept.length * each, i * each, (i + 1) * each);
      kept.push(indices[i]!);
    } else failures.push([indices[i]!, outcome.reason]);
  });
  const dims = layout === "NCHW" ? [kept.length, 3, size, size] : [kept.length, size, size, 3];
  const images: Tensor = { dtype: "float32", dims, data: data.subarray(0, kept.length * each) };
  return { indices: kept, images, failures };
}

/** Runs work as soon as one of `size` places is free, in the order of asking. */
export function pool(size: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = size;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const wake = queue.shift();
      if (wake) wake();
      else free++;
    }
  };
}
