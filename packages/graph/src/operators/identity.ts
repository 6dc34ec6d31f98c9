import type { Operator } from "../operator.ts";

/** x itself. */
export const identity: Operator = {
  op: "Identity",
  since: 1,
  infer: (c) => [c.input(0)],
  evaluate: (_, [x]) => [x!],
  gradient: ({ dy }) => [dy],
};
