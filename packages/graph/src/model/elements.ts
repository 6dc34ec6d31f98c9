import type { DType } from "@graft-ml/core";

/** Element types by their number in ONNX's `TensorProto.DataType`. */
export const DTYPE_OF: readonly (DType | undefined)[] = [
  undefined,
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  undefined,
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  undefined,
  undefined,
  "bfloat16",
];

/** Names of the element types that are not read, by number. */
const FOREIGN: Readonly<Record<number, string>> = {
  0: "UNDEFINED",
  8: "STRING",
  14: "COMPLEX64",
  15: "COMPLEX128",
  17: "FLOAT8E4M3FN",
  18: "FLOAT8E4M3FNUZ",
  19: "FLOAT8E5M2",
  20: "FLOAT8E5M2FNUZ",
  21: "UINT4",
  22: "INT4",
  23: "FLOAT4E2M1",
  24: "FLOAT8E8M0",
  25: "UINT2",
  26: "INT2",
  27: "FLOAT6E2M3",
  28: "FLOAT6E3M2",
};

/** An element type as a person knows it, for a refusal. */
export function elementName(code: number): string {
  return DTYPE_OF[code] ?? FOREIGN[code] ?? String(code);
}
