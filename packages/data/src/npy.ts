import { type DType, fail, sizeOf, type Tensor } from "@graft-ml/core";

// The format, version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
/** The array begins at a multiple of this many bytes. */
const ALIGNED = 64;

const CODES: Partial<Readonly<Record<DType, string>>> = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  bool: "|b1",
};

/** The bytes of a NumPy `.npy` file, row-major: `numpy.load` of Python reads it. */
export function npyBytes({ dtype, dims, data }: Tensor): Uint8Array {
  const code = CODES[dtype];
  if (code === undefined) throw fail("data/npy", `expected a type that NumPy has; received ${dtype}`);
  if (data.length !== sizeOf(dims))
    throw fail("data/npy", `expected ${sizeOf(dims)} elements for [${dims.join(", ")}]; received ${data.length}`);
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(", ");
  const header = `{'descr': '${code}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((MAGIC.length + 2 + header.length + 1) / ALIGNED) * ALIGNED - MAGIC.length - 2;
  const bytes = new Uint8Array(MAGIC.length + 2 + length + data.byteLength);
  bytes.set(MAGIC);
  bytes.set([length & 0xff, length >> 8], MAGIC.length);
  bytes.set(new TextEncoder().encode(`${header.padEnd(length - 1)}\n`), MAGIC.length + 2);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), MAGIC.length + 2 + length);
  return bytes;
}
