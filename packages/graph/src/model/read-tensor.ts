import { allocate, type DType, elementBytes, fail, fromBytes, sizeOf, type Tensor } from "@graft-ml/core";
import { DTYPE_OF, elementName } from "./elements.ts";
import { clampedInteger, safeInteger } from "./integers.ts";
import { MOST_DIMENSIONS } from "./limits.ts";
import type { TensorMessage } from "./messages.ts";

/**
 * Reads a stretch of a file that lies beside a model; `undefined` says that there is no such file. A result of another length than
 * was asked for is refused.
 */
export type ExternalLoader = (location: string, offset: number, length: number) => Uint8Array | undefined;

const WHERE = "graph/read";
const EXTERNAL = 1;

/** Reads a tensor; its elements must fill its shape exactly, wherever they lie. */
export function readTensor(raw: TensorMessage, name: string, external: ExternalLoader | undefined): Tensor {
  const dtype = DTYPE_OF[Number(raw.dataType ?? 0)];
  if (dtype === undefined) {
    const type = elementName(Number(raw.dataType ?? 0));
    throw fail(WHERE, `tensor "${name}" has element type ${type}, which is not supported`);
  }
  if (raw.segment !== undefined) throw fail(WHERE, `tensor "${name}" is a segment, which is not supported`);
  const { length } = raw.dims ?? [];
  if (length > MOST_DIMENSIONS)
    throw fail(WHERE, `tensor "${name}" has ${length} dimensions; at most ${MOST_DIMENSIONS} are supported`);
  const dims = Array.from(raw.dims ?? [], (dim) => safeInteger(dim, `a dimension of tensor "${name}"`));
  if (dims.some((dim) => dim < 0)) throw fail(WHERE, `tensor "${name}" has a negative dimension: [${dims.join(", ")}]`);
  const size = sizeOf(dims);
  if (!Number.isSafeInteger(size * elementBytes(dtype)))
    throw fail(WHERE, `tensor "${name}" is too large: [${dims.join(", ")}]`);
  const data = dataOf(raw, dtype, size, name, external);
  if (dtype === "bool") {
    const other = (data as Uint8Array).find((value) => value > 1);
    if (other !== undefined) throw fail(WHERE, `tensor "${name}" of bool holds ${other}; expected 0 and 1 only`);
  }
  return { dtype, dims, data };
}

function dataOf(
  raw: TensorMessage,
  dtype: DType,
  size: number,
  name: string,
  external: ExternalLoader | undefined,
): Tensor["data"] {
  const { rawData, floatData, int32Data, int64Data, uint64Data, doubleData, stringData } = raw;
  const lists = [floatData, int32Data, int64Data, uint64Data, doubleData, stringData];
  const filled = lists.filter((list) => list !== undefined && list.length > 0).length + (rawData === undefined ? 0 : 1);
  const outside = Number(raw.dataLocation ?? 0) === EXTERNAL;
  if (filled > 1 || (outside && filled > 0)) throw fail(WHERE, `tensor "${name}" holds its elements in two places`);
  if (outside) return fromRaw(loaded(raw, size * elementBytes(dtype), name, external), dtype, size, name);
  if (rawData !== undefined) return fromRaw(rawData, dtype, size, name);
  const own: Partial<Record<DType, ArrayLike<number | bigint> | undefined>> = {
    float32: floatData,
    float64: doubleData,
    int64: int64Data,
    uint64: uint64Data,
    uint32: uint64Data,
  };
  return fromList((dtype in own ? own[dtype] : int32Data) ?? [], dtype, size, name);
}

function fromRaw(raw: Uint8Array, dtype: DType, size: number, name: string): Tensor["data"] {
  const expected = size * elementBytes(dtype);
  if (raw.byteLength !== expected) throw lies(name, expected, raw.byteLength, "bytes");
  // A copy: the view would keep the whole file alive, and its offset is rarely aligned.
  return fromBytes(dtype, new Uint8Array(raw));
}

function fromList(list: ArrayLike<number | bigint>, dtype: DType, size: number, name: string): Tensor["data"] {
  // Checked before allocating: the shape is the file's word, the list is what it really holds.
  if (list.length !== size) throw lies(name, size, list.length, "elements");
  const data = allocate(dtype, size);
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < size; i++) {
    const value = list[i]!;
    data[i] = big ? value : Number(value);
    if (!Object.is(Number(data[i]), Number(value))) {
      throw fail(WHERE, `tensor "${name}" of ${dtype} holds ${value}, which is out of range`);
    }
  }
  return data;
}

function loaded(raw: TensorMessage, expected: number, name: string, external: ExternalLoader | undefined): Uint8Array {
  const entries = new Map(raw.externalData.map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = entries.get("location") ?? "";
  if (location === "") throw fail(WHERE, `tensor "${name}" lies in an external file without a name`);
  const what = `tensor "${name}" lies in the external file ${JSON.stringify(location)}`;
  if (external === undefined) throw fail(WHERE, `${what}; open the model with a loader for it ("external")`);
  const offset = place(entries.get("offset") ?? "0", `${what} at an offset`);
  const length = place(entries.get("length") ?? String(expected), `${what} with a length`);
  if (length !== expected) throw lies(name, expected, length, "bytes");
  const bytes = external(location, offset, length);
  if (bytes === undefined) throw fail(WHERE, `${what}, which is missing`);
  if (bytes.byteLength !== length) {
    throw fail(WHERE, `${what}: expected ${length} bytes from byte ${offset} on; received ${bytes.byteLength}`);
  }
  return bytes;
}

function place(text: string, what: string): number {
  if (!/^\d{1,16}$/.test(text)) throw fail(WHERE, `${what} that is no number: ${JSON.stringify(text.slice(0, 40))}`);
  return clampedInteger(Number(text));
}

function lies(name: string, expected: number, found: number, unit: string): Error {
  return fail(WHERE, `tensor "${name}": its shape needs ${expected} ${unit}; the file holds ${found}`);
}
