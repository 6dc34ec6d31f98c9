import type { Dim } from "@graft-ml/core";
import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { elementwise, larger } from "./evaluation.ts";
import { extremeGradient } from "./extreme-gradient.ts";

/** Elementwise max of any number of values; where they are equal the gradient goes to the last. */
export const max: Operator = {
  op: "Max",
  since: 8,
  infer(c) {
    const dims = c.node.inputs.reduce<readonly Dim[]>((all, _, i) => broadcastDims(c.node, all, c.input(i).dims), []);
    return [{ dtype: c.input(0).dtype, dims }];
  },
  evaluate: elementwise({ exact: (...v) => v.reduce((a, b) => larger(a, b)), real: Math.max }),
  gradient: (c) => extremeGradient(c, "Max", "Greater"),
};
