import { type Operator, staticDims } from "../operator.ts";

/** Mean over all spatial positions, `[batch, channels, 1, 1]`. */
export const globalAveragePool: Operator = {
  op: "GlobalAveragePool",
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.input(0).dims.map((dim, i) => (i < 2 ? dim : 1)) }],
  gradient({ g, inputs, dy }) {
    const dims = staticDims(inputs[0]!);
    const positions = dims.slice(2).reduce((n, dim) => n * dim, 1);
    return [g.op("Expand", [g.op("Mul", [dy, g.scalar(1 / positions)]), g.ints(dims)])];
  },
};
