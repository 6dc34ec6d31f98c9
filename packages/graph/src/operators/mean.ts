import type { Dim } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** Mean of any number of values with broadcasting. */
export const mean: Operator = {
  op: "Mean",
  since: 8,
  infer(c) {
    const dims = c.node.inputs.reduce<readonly Dim[]>((all, _, i) => broadcastDims(c.node, all, c.input(i).dims), []);
    return [{ dtype: c.input(0).dtype, dims }];
  },
  gradient({ g, inputs, dy, needs }) {
    const share = g.op("Mul", [dy, g.scalar(1 / inputs.length)]);
    return inputs.map((x, i) => (needs(i) ? unbroadcast(g, share, x!) : undefined));
  },
};
