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
