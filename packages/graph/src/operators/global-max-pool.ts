import { float32 } from "@graft-ml/core";
import { reduceMax, reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";

/** Largest element over all spatial positions, `[batch, channels, 1, 1]`; of equal ones the first takes the gradient. */
export const globalMaxPool: Operator = {
  op: "GlobalMaxPool",
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.input(0).dims.map((dim, i) => (i < 2 ? dim : 1)) }],
  gradient({ g, inputs, outputs, dy }) {
    const dims = staticDims(inputs[0]!);
    const positions = dims.slice(2).reduce((n, dim) => n * dim, 1);
    const planes = dims[0]! * dims[1]!;
    const [x, peak, share] = [
      reshape(g, inputs[0]!, [planes, positions]),
      reshape(g, outputs[0]!, [planes, 1]),
      reshape(g, dy, [planes, 1]),
    ];
    const falling = float32(
      [1, positions],
      Array.from({ length: positions }, (_, k) => positions - k),
    );
    const turn = g.constant(falling);
    const turns = g.op("Where", [g.op("Equal", [x, peak]), turn, g.scalar(0)]);
    const first = g.op("Equal", [turn, reduceMax(g, turns, [1], true)]);
    return [reshape(g, g.op("Where", [first, share, g.scalar(0)]), dims)];
  },
};
