import { fail } from "./errors.ts";
import type { DType, Tensor, TensorData } from "./types.ts";

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Bytes that one element takes. */
export function elementBytes(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A zeroed array of the type's storage. */
export function allocate(dtype: DType, length: number): TensorData {
  return new ARRAYS[dtype](length) as TensorData;
}

/** Views bytes as the type's storage, copying only where they are not aligned. */
export function fromBytes(dtype: DType, bytes: Uint8Array): TensorData {
  const width = elementBytes(dtype);
  // Not `slice`: a Node Buffer's shares its memory.
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new ARRAYS[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / width) as TensorData;
}

/** Makes a tensor after checking that the data fill the shape. */
export function tensor(dtype: DType, dims: readonly number[], data: TensorData): Tensor {
  if (data.length !== sizeOf(dims)) {
    throw fail(
      "core/tensors",
      `expected ${sizeOf(dims)} elements for shape [${dims.join(", ")}]; received ${data.length}`,
    );
  }
  if (!(data instanceof ARRAYS[dtype])) {
    throw fail("core/tensors", `expected ${ARRAYS[dtype].name} for ${dtype}; received ${data.constructor.name}`);
  }
  return { dtype, dims, data };
}

/** A float32 tensor from any list of numbers. */
export function float32(dims: readonly number[], values: ArrayLike<number>): Tensor {
  return tensor("float32", dims, values instanceof Float32Array ? values : Float32Array.from(values));
}

/** An int64 tensor from safe integers. */
export function int64(dims: readonly number[], values: readonly number[]): Tensor {
  return tensor(
    "int64",
    dims,
    BigInt64Array.from(values, (value) => BigInt(value)),
  );
}

/** Elements as plain numbers; halves are widened, 64-bit integers must be safe. */
export function toNumbers(t: Tensor): ArrayLike<number> {
  if (t.data instanceof BigInt64Array || t.data instanceof BigUint64Array)
    return Array.from(t.data as BigInt64Array, Number);
  if (t.dtype === "float16") return Float32Array.from(t.data, halfToFloat);
  if (t.dtype === "bfloat16") return new Float32Array(Uint32Array.from(t.data, (bits) => bits << 16).buffer);
  return t.data as ArrayLike<number>;
}

/** Widens an IEEE 754 half, given as bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** Rounds to the nearest IEEE 754 half (ties to even) and returns its bits. */
export function floatToHalf(value: number): number {
  FLOAT[0] = value;
  const bits = BITS[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves: scaling to integers lets the float rounding (ties to even) do the work.
    const scaled = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}
