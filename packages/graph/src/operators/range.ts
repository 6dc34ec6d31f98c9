import { allocate } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** Longest list that is written out ahead of running. */
const LONGEST = 2 ** 20;

/** Numbers from start up to (not including) the limit in steps. */
export const range: Operator = {
  op: "Range",
  since: 11,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: [c.unknown()] }],
  evaluate(_, [start, limit, delta]) {
    const { dtype } = start!;
    const [from, to, step] = [start!.data[0]!, limit!.data[0]!, delta!.data[0]!];
    if (Number(step) === 0) return undefined;
    const count =
      typeof from === "bigint"
        ? Number(ceilDivide((to as bigint) - from, step as bigint))
        : Math.ceil(((to as number) - from) / (step as number));
    if (!(count <= LONGEST)) return undefined;
    const data = allocate(dtype, Math.max(0, count));
    for (let i = 0; i < data.length; i++) {
      data[i] = typeof from === "bigint" ? from + BigInt(i) * (step as bigint) : from + i * (step as number);
    }
    return [{ dtype, dims: [data.length], data }];
  },
  stopsGradient: true,
};

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n === b < 0n ? quotient + 1n : quotient;
}
