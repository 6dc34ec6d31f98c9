import { allocate, fail, type Tensor } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** Longest list that is written out ahead of running. */
const LONGEST = 2 ** 20;

/** Numbers from start up to (not including) the limit in steps. */
export const range: Operator = {
  op: "Range",
  since: 11,
  infer(c) {
    for (const i of [0, 1, 2]) {
      const { name, dims } = c.input(i);
      if (dims.length > 0 && !(dims.length === 1 && (dims[0] === 1 || typeof dims[0] === "string")))
        throw fail(
          "graph",
          `node "${c.node.name}" (Range): expected "${name}" to be one number; received [${dims.join(", ")}]`,
        );
    }
    const step = c.constant(2)?.data[0];
    if (step !== undefined && Number(step) === 0) throw fail("graph", `node "${c.node.name}" (Range): its step is 0`);
    const bounds = [0, 1, 2].map((i) => c.constant(i));
    const count = bounds.every((bound) => bound !== undefined) ? countOf(bounds as Tensor[]) : undefined;
    // Shorter ones are written out, and so known by their elements.
    const long = count !== undefined && count > LONGEST;
    return [{ dtype: c.input(0).dtype, dims: [long ? count : c.unknown()] }];
  },
  evaluate(_, bounds) {
    const { dtype } = bounds[0]!;
    const count = countOf(bounds);
    if (count === undefined || !(count <= LONGEST)) return undefined;
    const [from, step] = [bounds[0]!.data[0]!, bounds[2]!.data[0]!];
    const data = allocate(dtype, Math.max(0, count));
    for (let i = 0; i < data.length; i++) {
      data[i] = typeof from === "bigint" ? from + BigInt(i) * (step as bigint) : from + i * (step as number);
    }
    return [{ dtype, dims: [data.length], data }];
  },
  stopsGradient: true,
};

/** How many numbers there are; `undefined` for a step of 0, and for halves, of which there are only bits. */
function countOf(bounds: readonly Tensor[]): number | undefined {
  if (bounds.some(({ dtype }) => dtype.endsWith("float16"))) return undefined;
  const [from, to, step] = bounds.map(({ data }) => data[0]);
  if (from === undefined || to === undefined || step === undefined || Number(step) === 0) return undefined;
  return typeof from === "bigint"
    ? Number(ceilDivide((to as bigint) - from, step as bigint))
    : Math.ceil(((to as number) - from) / (step as number));
}

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n === b < 0n ? quotient + 1n : quotient;
}
