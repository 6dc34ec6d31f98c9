import { toNumbers } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { broadcastPlaces, picked } from "./evaluation.ts";
import { unknownDims } from "./unknown-dims.ts";

/** Repeats a value along dimensions of size 1. */
export const expand: Operator = {
  op: "Expand",
  since: 8,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const shape = c.constant(1);
    const wanted = shape === undefined ? unknownDims(c, 1) : Array.from(toNumbers(shape));
    return [{ dtype, dims: broadcastDims(c.node, dims, wanted) }];
  },
  evaluate(c, [x, shape]) {
    const dims = broadcastDims(c.node, x!.dims, Array.from(toNumbers(shape!))) as number[];
    return [picked(x!, dims, broadcastPlaces(x!.dims, dims))];
  },
  gradient: ({ g, inputs, dy }) => [unbroadcast(g, dy, inputs[0]!)],
};
