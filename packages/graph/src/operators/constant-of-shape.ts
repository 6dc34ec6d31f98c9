import { allocate, fail, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import type { InferContext, Operator } from "../operator.ts";
import { unknownDims } from "./unknown-dims.ts";

/** One value, zero unless given, in a shape that is computed. */
export const constantOfShape: Operator = {
  op: "ConstantOfShape",
  since: 9,
  infer(c) {
    const { dtype } = fillOf(c);
    const shape = c.constant(0);
    if (shape !== undefined) return [{ dtype, dims: Array.from(toNumbers(shape)) }];
    return [{ dtype, dims: unknownDims(c, 0) }];
  },
  evaluate(c, [shape]) {
    const { dtype, data } = fillOf(c);
    const dims = Array.from(toNumbers(shape!));
    return [{ dtype, dims, data: allocate(dtype, sizeOf(dims)).fill(data[0] as never) as Tensor["data"] }];
  },
  stopsGradient: true,
};

function fillOf(c: InferContext): Tensor {
  const value = c.attributes.tensor("value") ?? { dtype: "float32", dims: [1], data: Float32Array.of(0) };
  if (value.data.length === 1) return value;
  throw fail(
    "graph",
    `node "${c.node.name}" (ConstantOfShape): expected one value; received [${value.dims.join(", ")}]`,
  );
}
