import { sizeOf, type Tensor } from "@graft-ml/core";
import { broadcastDims } from "../broadcast.ts";
import type { InferContext } from "../operator.ts";

/** Exact int64 evaluation of a binary operator, for shape arithmetic; other types are left to the engine. */
export function integerArithmetic(
  apply: (a: bigint, b: bigint) => bigint | undefined,
): (context: InferContext, inputs: readonly Tensor[]) => readonly Tensor[] | undefined {
  return ({ node }, [a, b]) => {
    if (a?.dtype !== "int64" || b?.dtype !== "int64") return undefined;
    const dims = broadcastDims(node, a.dims, b.dims) as number[];
    const data = new BigInt64Array(sizeOf(dims));
    for (let i = 0; i < data.length; i++) {
      const value = apply(element(a, dims, i), element(b, dims, i));
      if (value === undefined) return undefined;
      data[i] = value;
    }
    return [{ dtype: "int64", dims, data }];
  };
}

function element(t: Tensor, dims: readonly number[], flat: number): bigint {
  let index = 0;
  let stride = 1;
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    const position = rest % dims[axis]!;
    rest = (rest - position) / dims[axis]!;
    const own = t.dims[axis - dims.length + t.dims.length];
    if (own === undefined) continue;
    if (own !== 1) index += position * stride;
    stride *= own;
  }
  return (t.data as BigInt64Array)[index]!;
}
