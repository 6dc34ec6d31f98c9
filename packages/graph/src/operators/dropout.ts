import { fail } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** Dropout as inference runs it: x itself. Training mode is refused, since engines would draw different masks. */
export const dropout: Operator = {
  op: "Dropout",
  since: 7,
  infer(c) {
    if (c.optional(2) !== undefined && c.constant(2)?.data[0] !== 0) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Dropout): training mode is not supported; export the model in evaluation mode`,
      );
    }
    return [c.input(0), { dtype: "bool", dims: c.input(0).dims }];
  },
  gradient: ({ dy }) => [dy],
};
