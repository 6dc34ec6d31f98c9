import type { Operator } from "../operator.ts";
import { matMul } from "./matmul.ts";

/** Product of int8 or uint8 matrices less their zero points, exact in int32. */
export const matMulInteger: Operator = {
  op: "MatMulInteger",
  since: 10,
  infer: (c) => [{ dtype: "int32", dims: matMul.infer(c)[0]!.dims }],
};
