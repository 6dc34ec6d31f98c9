import {
  type DType,
  elementBytes,
  fail,
  fromBytes,
  sizeOf,
  type Tensor,
  type TensorData,
  type Tensors,
} from "@graft-ml/core";
import { duplicateKey } from "./json-keys.ts";

// The format: https://github.com/huggingface/safetensors#format. Eight bytes of header length (little-endian), a JSON
// header, then the data of all tensors without holes.

const WHERE = "data/safetensors";

/** Headers longer than this many bytes are refused. */
export const HEADER_LIMIT: number = 16 * 1024 * 1024;

const CODES: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int8: "I8",
  int16: "I16",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  bool: "BOOL",
};
const DTYPES: ReadonlyMap<string, DType> = new Map(
  Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType]),
);

/** Where a tensor lies in the data that follow the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A header whose entries are checked: in bounds, without overlap or hole, each as long as its shape says. */
export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Tensors and text metadata of a safetensors file; the tensors view the given bytes where these are aligned. */
export function readSafetensors(source: Uint8Array): { tensors: Tensors; metadata: Readonly<Record<string, string>> } {
  // A Buffer's own `slice` copies nothing, so a plain array takes its place.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const length = headerLength(bytes, bytes.length);
  const start = 8 + length;
  const { entries, metadata } = parseHeader(bytes.subarray(8, start), bytes.length - start);
  const tensors = entries.map(({ name, dtype, dims, begin, end }): [string, Tensor] => [
    name,
    { dtype, dims, data: fromBytes(dtype, bytes.subarray(start + begin, start + end)) },
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** The bytes of a safetensors file: tensors in alphabetical order, the widest element types first so that all are aligned. */
export function writeSafetensors(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const sorted = Object.entries(tensors).sort(([a, s], [b, t]) => {
    return elementBytes(t.dtype) - elementBytes(s.dtype) || (a < b ? -1 : 1);
  });
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const [name, { dtype, dims, data }] of sorted) {
    if (name === "__metadata__") throw fail(WHERE, `expected tensor names other than "__metadata__"; received it`);
    if (data.length !== sizeOf(dims)) {
      throw fail(
        WHERE,
        `expected ${sizeOf(dims)} elements for "${name}" [${dims.join(", ")}]; received ${data.length}`,
      );
    }
    header.set(name, { dtype: CODES[dtype], shape: dims, data_offsets: [end, (end += data.byteLength)] });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  if (length > HEADER_LIMIT)
    throw fail(WHERE, `expected a header of at most ${HEADER_LIMIT} bytes; received ${length}`);
  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const [, { data }] of sorted) {
    bytes.set(rawBytes(data), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Bytes of the header, from a file's first eight and its size; bounded before anything is allocated. */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < 8) throw fail(WHERE, `expected at least 8 bytes; received ${start.length}. The file is cut short`);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT)) {
    throw fail(
      WHERE,
      `expected a header of at most ${HEADER_LIMIT} bytes; received ${length}. It is no safetensors file`,
    );
  }
  if (8 + Number(length) > fileBytes) {
    throw fail(WHERE, `expected a header of ${length} bytes; received a file of ${fileBytes}. The file is cut short`);
  }
  return Number(length);
}

/** Parses and checks a header against the number of bytes that follow it. */
export function parseHeader(header: Uint8Array, dataBytes: number): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...tensors } = jsonObject(header);
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw fail(WHERE, `expected __metadata__ to hold text only; received ${brief(metadata)}`);
  }
  const entries = Object.entries(tensors).map(([name, value]) => entry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) {
      throw fail(
        WHERE,
        `expected "${name}" to begin at byte ${at}; received ${begin}: tensors overlap or leave a hole`,
      );
    }
    at = end;
  }
  if (at !== dataBytes)
    throw fail(WHERE, `expected ${at} bytes of data; received ${dataBytes}. The file is cut short or too long`);
  return { entries, metadata: metadata as Record<string, string> };
}

function jsonObject(header: Uint8Array): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(header);
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(WHERE, "expected a JSON header; received other bytes. It is no safetensors file, or damaged", { cause });
  }
  if (!isObject(value)) throw fail(WHERE, `expected a JSON object as header; received ${brief(value)}`);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw fail(WHERE, `expected each name once; received ${JSON.stringify(twice)} twice`);
  return value;
}

function entry(name: string, value: unknown): SafetensorsEntry {
  const { dtype: code, shape, data_offsets: offsets } = isObject(value) ? value : {};
  const dtype = DTYPES.get(code as string);
  if (dtype === undefined) {
    throw fail(
      WHERE,
      `expected "${name}" to have a dtype of ${[...DTYPES.keys()].join(", ")}; received ${brief(code)}`,
    );
  }
  if (!isSizes(shape) || !Number.isSafeInteger(sizeOf(shape) * 8)) {
    throw fail(WHERE, `expected "${name}" to have a shape of whole numbers; received ${brief(shape)}`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1]! - offsets[0]! !== sizeOf(shape) * elementBytes(dtype)) {
    const wanted = sizeOf(shape) * elementBytes(dtype);
    throw fail(WHERE, `expected "${name}" to have data_offsets ${wanted} bytes apart; received ${brief(offsets)}`);
  }
  return { name, dtype, dims: shape, begin: offsets[0]!, end: offsets[1]! };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function rawBytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
