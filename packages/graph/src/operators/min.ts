import type { Dim } from "@graft-ml/core";
import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { elementwise, smaller } from "./evaluation.ts";
import { extremeGradient } from "./extreme-gradient.ts";

/** Elementwise min of any number of values; where they are equal the gradient goes to the last. */
export const min: Operator = {
  op: "Min",
  since: 8,
  infer(c) {
    const dims = c.node.inputs.reduce<readonly Dim[]>((all, _, i) => broadcastDims(c.node, all, c.input(i).dims), []);
    return [{ dtype: c.input(0).dtype, dims }];
  },
  evaluate: elementwise({ exact: (...v) => v.reduce((a, b) => smaller(a, b)), real: Math.min }),
  gradient: (c) => extremeGradient(c, "Min", "Less"),
};
