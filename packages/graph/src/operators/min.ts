import { type Dim, fail } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** Elementwise min of any number of values; a gradient exists for two, and goes to the second where they are equal. */
export const min: Operator = {
  op: "Min",
  since: 8,
  infer(c) {
    const dims = c.node.inputs.reduce<readonly Dim[]>((all, _, i) => broadcastDims(c.node, all, c.input(i).dims), []);
    return [{ dtype: c.input(0).dtype, dims }];
  },
  gradient({ g, node, inputs: [a, b], dy, needs }) {
    if (node.inputs.length === 1) return [dy];
    if (b === undefined || node.inputs.length > 2) {
      throw fail(
        "graph/differentiate",
        `node "${node.name}" (Min): a gradient exists for one or two inputs; received ${node.inputs.length}`,
      );
    }
    const first = g.op("Less", [a, b]);
    const zero = g.scalar(0);
    return [
      needs(0) ? unbroadcast(g, g.op("Where", [first, dy, zero]), a!) : undefined,
      needs(1) ? unbroadcast(g, g.op("Where", [first, zero, dy]), b) : undefined,
    ];
  },
};
