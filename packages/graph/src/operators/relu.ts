import type { Operator } from "../operator.ts";
import { GRAFT_DOMAIN } from "../operator.ts";

/** max(x, 0); the gradient passes where the output is positive, as in PyTorch. */
export const relu: Operator = {
  op: "Relu",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient: ({ g, outputs, dy }) => [
    g.op("ClipGrad", [dy, outputs[0]!], { min: { float: 0 }, max: { float: Number.POSITIVE_INFINITY } }, GRAFT_DOMAIN),
  ],
};
