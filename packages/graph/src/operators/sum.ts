import type { Dim } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** Sum of any number of values with broadcasting. */
export const sum: Operator = {
  op: "Sum",
  since: 8,
  infer(c) {
    const dims = c.node.inputs.reduce<readonly Dim[]>((all, _, i) => broadcastDims(c.node, all, c.input(i).dims), []);
    return [{ dtype: c.input(0).dtype, dims }];
  },
  gradient: ({ g, inputs, dy, needs }) => inputs.map((x, i) => (needs(i) ? unbroadcast(g, dy, x!) : undefined)),
};
