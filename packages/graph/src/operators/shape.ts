import { int64 } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** A value's dimensions as int64; known ahead of running where they are static. */
export const shape: Operator = {
  op: "Shape",
  since: 1,
  infer(c) {
    const rank = c.input(0).dims.length;
    const { start, end } = range(rank, c.attributes.int("start", 0), c.attributes.int("end", rank));
    return [{ dtype: "int64", dims: [Math.max(0, end - start)] }];
  },
  evaluate(c) {
    const dims = c.input(0).dims;
    const { start, end } = range(dims.length, c.attributes.int("start", 0), c.attributes.int("end", dims.length));
    const part = dims.slice(start, end);
    return part.every((dim) => typeof dim === "number") ? [int64([part.length], part as number[])] : undefined;
  },
  stopsGradient: true,
};

function range(rank: number, start: number, end: number): { start: number; end: number } {
  const place = (axis: number): number => Math.min(rank, Math.max(0, axis < 0 ? axis + rank : axis));
  return { start: place(start), end: place(end) };
}
