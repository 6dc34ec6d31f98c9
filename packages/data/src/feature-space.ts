import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { fail, GraftError, sizeOf } from "@graft-ml/core";
import { sweepTemporary, writeAtomically } from "./atomic-write.ts";
import {
  type FeatureShard,
  isContentHash,
  openShard,
  packFeatures,
  readRows,
  SHARD_BYTES,
  SHARD_SAMPLES,
  writeShard,
} from "./feature-shard.ts";

const WHERE = "data/feature-store";
const TOUCH_MS = 60_000;

/** Features of one boundary of one model, by the hash of the sample that they belong to. */
export interface FeatureSpace {
  /** Name of the space's folder. */
  readonly key: string;
  /** Shape of one sample's features. */
  readonly dims: readonly number[];
  /** Samples stored. */
  readonly samples: number;
  /** Bytes stored, in files and in memory. */
  readonly bytes: number;
  /** Whether features of the sample are here, as far as headers tell. */
  has(hash: string): boolean;
  /** Places in `hashes` of samples that must be computed; compares the checksums of the files that hold the others. */
  missing(hashes: readonly string[]): Promise<number[]>;
  /** Features of one sample, or undefined. */
  read(hash: string): Promise<Float32Array | undefined>;
  /** Fills `out` `[hashes, ...dims]` and returns the places of samples that are not here, whose rows stay untouched. */
  readInto(hashes: readonly string[], out: Float32Array): Promise<number[]>;
  /** Features of those samples that are here. */
  get(hashes: readonly string[]): Promise<Map<string, Float32Array>>;
  /** Stores features `[hashes, ...dims]`: on disk, or in memory where the disk refuses; a kill loses at most this call. */
  append(hashes: readonly string[], features: Float32Array): Promise<void>;
}

/** What a space is opened with. */
export interface SpaceOptions {
  readonly key: string;
  readonly folder: string;
  readonly dims: readonly number[];
  readonly precision: "f16" | "f32";
  /** Content of `space.json`, for whoever looks into the folder. */
  readonly description: string;
  readonly onNotice: (message: string) => void;
}

/** Opens the space in a folder, making it where needed; shards that do not fit are removed with a notice. */
export async function openSpace(options: SpaceOptions): Promise<FeatureSpace> {
  const { key, folder, dims, precision, description, onNotice } = options;
  const each = sizeOf(dims);
  const index = new Map<string, { shard: FeatureShard; row: number }>();
  let bytes = 0;
  let writable = true;
  let touched = 0;

  const add = (shard: FeatureShard) => {
    for (const [row, hash] of shard.hashes.entries()) index.set(hash, { shard, row });
    bytes += shard.rowBytes * shard.hashes.length;
  };
  const drop = async (path: string, reason: unknown, shard?: FeatureShard) => {
    for (const hash of shard?.hashes ?? []) if (index.get(hash)?.shard === shard) index.delete(hash);
    if (shard) bytes -= shard.rowBytes * shard.hashes.length;
    // Another process may have pruned the space; its files are missed, not damaged.
    if ((reason as NodeJS.ErrnoException).code === "ENOENT") return;
    // The system's own trouble (too many open files, a disk that went away) says nothing about what is stored.
    if (!(reason instanceof GraftError)) {
      return onNotice(`cannot read cached features, ${path} (${messageOf(reason)}); they are computed again`);
    }
    await rm(path, { force: true }).catch(() => {});
    onNotice(`removed a damaged file of cached features, ${path} (${messageOf(reason)}); they are computed again`);
  };
  const refuse = (error: unknown) => {
    if (!writable) return;
    writable = false;
    onNotice(`cannot write to the feature cache ${folder} (${messageOf(error)}); features stay in memory for this run`);
  };
  const touch = async () => {
    if (!writable || Date.now() - touched < TOUCH_MS) return;
    touched = Date.now();
    const path = join(folder, "space.json");
    const now = new Date();
    await utimes(path, now, now).catch(async () => {
      await mkdir(folder, { recursive: true });
      await writeAtomically(path, new TextEncoder().encode(description));
    });
  };

  try {
    await touch();
    await sweepTemporary(folder);
  } catch (error) {
    refuse(error);
  }
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith(".safetensors")) continue;
    const path = join(folder, name);
    await openShard(path, dims).then(add, (error) => drop(path, error));
  }

  const readSome = async (hashes: readonly string[], out: Float32Array, offsets: (i: number) => number) => {
    const byShard = new Map<FeatureShard, { row: number; offset: number; at: number }[]>();
    const absent: number[] = [];
    for (const [at, hash] of hashes.entries()) {
      const found = index.get(hash);
      if (found === undefined) {
        absent.push(at);
        continue;
      }
      const wanted = byShard.get(found.shard) ?? [];
      wanted.push({ row: found.row, offset: offsets(at), at });
      byShard.set(found.shard, wanted);
    }
    await touch().catch(refuse);
    for (const [shard, wanted] of byShard) {
      try {
        await readRows(shard, wanted, out);
      } catch (error) {
        await drop("path" in shard.place ? shard.place.path : "", error, shard);
        absent.push(...wanted.map(({ at }) => at));
      }
    }
    return absent.sort((a, b) => a - b);
  };

  const append = async (hashes: readonly string[], features: Float32Array) => {
    const shard = packFeatures(hashes, features, dims, precision);
    const { tensor: _, ...kept } = shard;
    if (!writable) return add(kept);
    try {
      // Pruned meanwhile by another process: described anew.
      if (await mkdir(folder, { recursive: true })) touched = 0;
      await touch();
      add(await writeShard(folder, shard));
    } catch (error) {
      refuse(error);
      // The caller may use its array again.
      add({ ...kept, place: { rows: new Uint8Array("rows" in kept.place ? kept.place.rows : []) } });
    }
  };

  return {
    key,
    dims,
    get samples() {
      return index.size;
    },
    get bytes() {
      return bytes;
    },
    has: (hash) => index.has(hash),
    async missing(hashes) {
      const unverified = hashes.filter((hash) => index.get(hash)?.shard.verified === false);
      const scratch = new Float32Array(unverified.length === 0 ? 0 : each);
      for (const hash of unverified) {
        if (index.get(hash)?.shard.verified === false) await readSome([hash], scratch, () => 0);
      }
      return hashes.flatMap((hash, i) => (index.has(hash) ? [] : [i]));
    },
    async read(hash) {
      const out = new Float32Array(each);
      return (await readSome([hash], out, () => 0)).length === 0 ? out : undefined;
    },
    readInto(hashes, out) {
      expectLength(hashes, out, dims, each);
      return readSome(hashes, out, (i) => i * each);
    },
    async get(hashes) {
      const rows = hashes.filter((hash) => index.has(hash));
      const out = new Float32Array(rows.length * each);
      const absent = new Set(await readSome(rows, out, (i) => i * each));
      return new Map(
        rows.flatMap((hash, i) => (absent.has(i) ? [] : [[hash, out.subarray(i * each, (i + 1) * each)]])),
      );
    },
    async append(hashes, features) {
      expectLength(hashes, features, dims, each);
      const odd = hashes.find((hash) => !isContentHash(hash));
      if (odd !== undefined)
        throw fail(WHERE, `expected hashes of 8 to 128 hexadecimal digits; received ${JSON.stringify(odd)}`);
      const step = Math.max(
        1,
        Math.min(SHARD_SAMPLES, Math.floor(SHARD_BYTES / (each * (precision === "f16" ? 2 : 4)))),
      );
      for (let i = 0; i < hashes.length; i += step) {
        const end = Math.min(hashes.length, i + step);
        await append(hashes.slice(i, end), features.subarray(i * each, end * each));
      }
    },
  };
}

/** Bytes and time of last use of a space's folder. */
export async function measureSpace(folder: string): Promise<{ bytes: number; lastUsed: Date }> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  const described = await stat(join(folder, "space.json")).catch(() => stat(folder));
  return { bytes, lastUsed: described.mtime };
}

function expectLength(hashes: readonly string[], values: Float32Array, dims: readonly number[], each: number): void {
  if (values.length === hashes.length * each) return;
  const shape = [hashes.length, ...dims].join(", ");
  throw fail(WHERE, `expected ${hashes.length * each} values for [${shape}]; received ${values.length}`);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
}
