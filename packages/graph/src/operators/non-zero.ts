import { int64 } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { positionOf } from "./evaluation.ts";

/** Positions of the elements that are not 0, one column each. */
export const nonZero: Operator = {
  op: "NonZero",
  since: 9,
  infer: (c) => [{ dtype: "int64", dims: [c.input(0).dims.length, c.unknown()] }],
  evaluate(_, [x]) {
    const { dims, data } = x!;
    const found: number[][] = [];
    for (let i = 0; i < data.length; i++) if (Number(data[i]) !== 0) found.push(positionOf(i, dims));
    return [
      int64(
        [dims.length, found.length],
        dims.flatMap((_, axis) => found.map((position) => position[axis]!)),
      ),
    ];
  },
  stopsGradient: true,
};
