import { reduceSum, reshape } from "../emit.ts";
import type { Operator } from "../operator.ts";
import { behindChannels } from "./conv.ts";
import { normalize, normalizeGradient } from "./layer-normalization-gradient.ts";

/** Normalises each channel of each picture over space, then scale and bias per channel. */
export const instanceNormalization: Operator = {
  op: "InstanceNormalization",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient({ g, attributes, inputs, dy, needs }) {
    const [x, scale] = inputs;
    const space = x!.dims.flatMap((_, i) => (i < 2 ? [] : [i]));
    const normalized = normalize(g, x!, space, attributes.float("epsilon", 1e-5));
    const column = reshape(g, scale!, [1, -1, ...space.map(() => 1)]);
    const others = behindChannels(x!);
    return [
      needs(0) ? normalizeGradient(g, g.op("Mul", [dy, column]), normalized) : undefined,
      needs(1) ? reduceSum(g, g.op("Mul", [dy, normalized.normal]), others, false) : undefined,
      needs(2) ? reduceSum(g, dy, others, false) : undefined,
    ];
  },
};
