import { int64, sizeOf } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** Number of elements as int64; known ahead of running where the shape is static. */
export const size: Operator = {
  op: "Size",
  since: 1,
  infer: () => [{ dtype: "int64", dims: [] }],
  evaluate(c) {
    const { dims } = c.input(0);
    return dims.every((dim) => typeof dim === "number") ? [int64([], [sizeOf(dims as number[])])] : undefined;
  },
  stopsGradient: true,
};
