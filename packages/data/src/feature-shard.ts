import { randomBytes } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fail, narrowHalves, type Tensor, widenHalves } from "@graft-ml/core";
import { writeAtomically } from "./atomic-write.ts";
import { headerLength, parseHeader, writeSafetensors } from "./safetensors.ts";

const WHERE = "data/feature-store";
const HASH = /^[0-9a-f]{8,128}$/;

/** Most bytes of features in one shard: what a killed run may lose, and what a first read holds at once. */
export const SHARD_BYTES: number = 64 * 1024 * 1024;

/** Most samples in one shard; keeps its header small. */
export const SHARD_SAMPLES = 65_536;

/** One file of a feature space, or rows that could not be written and are kept in memory. */
export interface FeatureShard {
  readonly hashes: readonly string[];
  readonly dtype: "float16" | "float32";
  /** Bytes of one sample's features. */
  readonly rowBytes: number;
  readonly place: { readonly path: string; readonly dataStart: number } | { readonly rows: Uint8Array };
  readonly crc32: string;
  /** Set once the checksum has been compared; until then the first read takes the whole file. */
  verified: boolean;
}

/** Whether a text can name a sample: 8 to 128 hexadecimal digits. */
export function isContentHash(text: string): boolean {
  return HASH.test(text);
}

/** Packs features, as halves unless `precision` is f32 or a value is beyond a half's range (65,504) or not a number. */
export function packFeatures(
  hashes: readonly string[],
  features: Float32Array,
  dims: readonly number[],
  precision: "f16" | "f32",
): FeatureShard & { readonly tensor: Tensor } {
  // A value that overflows would come back as infinity and ruin a run; twice the bytes is the lesser harm.
  const halves = precision === "f16" ? narrowHalves(features) : undefined;
  const dtype = halves === undefined ? "float32" : "float16";
  const data = halves ?? features;
  const rows = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tensor: Tensor = { dtype, dims: [hashes.length, ...dims], data };
  const checksum = checksumOf(hashes, rows);
  return {
    hashes,
    dtype,
    rowBytes: rows.length / hashes.length,
    place: { rows },
    crc32: checksum,
    verified: true,
    tensor,
  };
}

/** Writes packed features to a new file of the folder, whole or not at all. */
export async function writeShard(
  folder: string,
  packed: FeatureShard & { readonly tensor: Tensor },
): Promise<FeatureShard> {
  const { hashes, dtype, rowBytes } = packed;
  const metadata = { hashes: hashes.join(" "), crc32: packed.crc32 };
  const bytes = writeSafetensors({ features: packed.tensor }, metadata);
  const path = join(folder, `${Date.now().toString(36)}-${randomBytes(6).toString("hex")}.safetensors`);
  await writeAtomically(path, bytes);
  const dataStart = bytes.length - rowBytes * hashes.length;
  return { hashes, dtype, rowBytes, place: { path, dataStart }, crc32: packed.crc32, verified: true };
}

/** Opens a shard by its header alone; throws where that does not fit the file or the space's dims. */
export async function openShard(
  path: string,
  dims: readonly number[],
): Promise<FeatureShard & { readonly bytes: number }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = await readAt(file, 0, Math.min(8, size));
    const length = headerLength(start, size);
    const { entries, metadata } = parseHeader(await readAt(file, 8, length), size - 8 - length);
    const [entry, ...others] = entries;
    const hashes = metadata.hashes?.split(" ") ?? [];
    if (entry?.name !== "features" || others.length > 0 || entry.dims.join() !== [hashes.length, ...dims].join()) {
      throw fail(
        WHERE,
        `expected one tensor "features" [${[hashes.length, ...dims].join(", ")}]; received another shape`,
      );
    }
    const { dtype } = entry;
    if ((dtype !== "float16" && dtype !== "float32") || !hashes.every(isContentHash) || metadata.crc32 === undefined) {
      throw fail(WHERE, "expected halves or floats with hashes and a checksum; received other content");
    }
    if (entry.end > 2 * SHARD_BYTES + 4 * entry.dims.slice(1).reduce((product, dim) => product * dim, 1)) {
      throw fail(WHERE, `expected a shard of at most ${2 * SHARD_BYTES} bytes; received ${entry.end}`);
    }
    const place = { path, dataStart: 8 + length };
    return {
      hashes,
      dtype,
      rowBytes: entry.end / hashes.length,
      place,
      crc32: metadata.crc32,
      verified: false,
      bytes: size,
    };
  } finally {
    await file.close();
  }
}

/** Reads some rows into `out`, each at its offset; throws where the checksum does not hold. */
export async function readRows(
  shard: FeatureShard,
  wanted: readonly { readonly row: number; readonly offset: number }[],
  out: Float32Array,
): Promise<void> {
  const { place, rowBytes } = shard;
  if ("rows" in place) return copyRows(shard, place.rows, 0, wanted, out);
  const file = await open(place.path, "r");
  try {
    if (!shard.verified) {
      const all = await readAt(file, place.dataStart, rowBytes * shard.hashes.length);
      if (checksumOf(shard.hashes, all) !== shard.crc32)
        throw fail(WHERE, "expected the checksum of its data; received another");
      shard.verified = true;
      return copyRows(shard, all, 0, wanted, out);
    }
    for (const run of runs(wanted)) {
      const first = run[0]!.row;
      const bytes = await readAt(file, place.dataStart + first * rowBytes, (run.at(-1)!.row - first + 1) * rowBytes);
      copyRows(shard, bytes, first, run, out);
    }
  } finally {
    await file.close();
  }
}

function copyRows(
  { dtype, rowBytes }: FeatureShard,
  bytes: Uint8Array,
  first: number,
  wanted: readonly { readonly row: number; readonly offset: number }[],
  out: Float32Array,
): void {
  for (const { row, offset } of wanted) {
    const from = bytes.byteOffset + (row - first) * rowBytes;
    if (dtype === "float16") widenHalves(new Uint16Array(bytes.buffer, from, rowBytes / 2), out.subarray(offset));
    else out.set(new Float32Array(bytes.buffer, from, rowBytes / 4), offset);
  }
}

/** Rows in file order, neighbours together: one read each. */
function* runs<T extends { readonly row: number }>(wanted: readonly T[]): Generator<T[]> {
  let run: T[] = [];
  for (const next of [...wanted].sort((a, b) => a.row - b.row)) {
    if (run.length > 0 && next.row > run.at(-1)!.row + 1) {
      yield run;
      run = [];
    }
    run.push(next);
  }
  if (run.length > 0) yield run;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  // Own memory, not a slice of Node's pool: halves and floats are viewed in place and must be aligned.
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw fail(WHERE, `expected ${length} bytes; received ${at}. The file is cut short`);
    at += bytesRead;
  }
  return bytes;
}

function checksumOf(hashes: readonly string[], rows: Uint8Array): string {
  return crc32(rows, crc32(hashes.join(" ")))
    .toString(16)
    .padStart(8, "0");
}
