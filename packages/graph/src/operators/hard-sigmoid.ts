import { GRAFT_DOMAIN, type Operator } from "../operator.ts";

/** alpha · x + beta held between 0 and 1; the gradient passes strictly between them. */
export const hardSigmoid: Operator = {
  op: "HardSigmoid",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, outputs, dy }) {
    const inside = g.op("ClipGrad", [dy, outputs[0]], { min: { float: 0 }, max: { float: 1 } }, GRAFT_DOMAIN);
    return [g.op("Mul", [inside, g.scalar(attributes.float("alpha", Math.fround(0.2)))])];
  },
};
