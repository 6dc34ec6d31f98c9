import { unbroadcast } from "../broadcast.ts";
import { normalizeAxis, type Operator } from "../operator.ts";
import { normalize, normalizeGradient } from "./layer-normalization-gradient.ts";

/** x / √(mean of squares + epsilon) · scale over the axes from `axis` on. */
export const rmsNormalization: Operator = {
  op: "RMSNormalization",
  since: 23,
  infer: (c) => [c.input(0)],
  gradient({ g, node, attributes, inputs, dy, needs }) {
    const [x, scale] = inputs;
    const first = normalizeAxis(node, attributes.int("axis", -1), x!.dims.length);
    const axes = x!.dims.flatMap((_, i) => (i < first ? [] : [i]));
    const normalized = normalize(g, x!, axes, attributes.float("epsilon", 1e-5), false);
    return [
      needs(0) ? normalizeGradient(g, g.op("Mul", [dy, scale]), normalized) : undefined,
      needs(1) ? unbroadcast(g, g.op("Mul", [dy, normalized.normal]), scale!) : undefined,
    ];
  },
};
