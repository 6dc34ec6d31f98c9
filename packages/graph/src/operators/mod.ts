import { broadcastDims } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** Remainder: with the divisor's sign, or with `fmod` (which floats need) the dividend's. It has no gradient rule. */
export const mod: Operator = {
  op: "Mod",
  since: 10,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: broadcastDims(c.node, c.input(0).dims, c.input(1).dims) }],
  evaluate(c, inputs) {
    const truncated = c.attributes.int("fmod", 0) === 1;
    return elementwise({
      exact(a, b) {
        if (b === 0n) return undefined;
        const rest = a! % b!;
        return !truncated && rest !== 0n && rest < 0n !== b! < 0n ? rest + b! : rest;
      },
      ...(truncated && { real: (a, b) => a! % b! }),
    })(c, inputs);
  },
};
