import { fail } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { picked, positionOf, stridesOf } from "./evaluation.ts";

/** Dimensions in another order; reversed where `perm` is left out. */
export const transpose: Operator = {
  op: "Transpose",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const perm = c.attributes.ints(
      "perm",
      dims.map((_, i) => dims.length - 1 - i),
    );
    if (perm.length !== dims.length || dims.some((_, axis) => !perm.includes(axis))) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Transpose): perm [${perm.join(", ")}] is no order of ${dims.length} dimensions`,
      );
    }
    return [{ dtype, dims: perm.map((axis) => dims[axis]!) }];
  },
  evaluate(c, [x]) {
    const { dims } = x!;
    const perm = c.attributes.ints(
      "perm",
      dims.map((_, i) => dims.length - 1 - i),
    );
    const strides = stridesOf(dims);
    const out = perm.map((axis) => dims[axis]!);
    return [
      picked(x!, out, (i) => positionOf(i, out).reduce((place, at, axis) => place + at * strides[perm[axis]!]!, 0)),
    ];
  },
  gradient({ g, attributes, inputs, dy }) {
    const rank = inputs[0]!.dims.length;
    const perm = attributes.ints(
      "perm",
      Array.from({ length: rank }, (_, i) => rank - 1 - i),
    );
    return [g.op("Transpose", [dy], { perm: perm.map((_, i) => perm.indexOf(i)) })];
  },
};
