import type { Operator } from "../operator.ts";

/** −1, 0 or 1; its gradient is zero everywhere. */
export const sign: Operator = {
  op: "Sign",
  since: 9,
  infer: (c) => [c.input(0)],
  stopsGradient: true,
};
