import { allocate, fail } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import type { InferContext, Operator, Shape } from "../operator.ts";

/** Ones on a diagonal, zeros elsewhere, in the shape of a matrix. */
export const eyeLike: Operator = {
  op: "EyeLike",
  since: 9,
  infer: (c) => [shapeOf(c)],
  evaluate(c, [x]) {
    const { dtype } = shapeOf(c);
    const [rows, columns] = x!.dims as [number, number];
    const data = allocate(dtype, rows * columns);
    const one = data instanceof BigInt64Array || data instanceof BigUint64Array ? 1n : 1;
    for (let row = 0; row < rows; row++) {
      const column = row + c.attributes.int("k", 0);
      if (column >= 0 && column < columns) data[row * columns + column] = one;
    }
    return [{ dtype, dims: x!.dims, data }];
  },
  stopsGradient: true,
};

function shapeOf(c: InferContext): Shape {
  const { dtype, dims } = c.input(0);
  const wanted = c.attributes.has("dtype") ? DTYPE_OF[c.attributes.int("dtype")] : dtype;
  if (wanted === undefined || wanted.endsWith("float16") || dims.length !== 2) {
    throw fail("graph", `node "${c.node.name}" (EyeLike): expected a matrix of a computed type`);
  }
  return { dtype: wanted, dims };
}
