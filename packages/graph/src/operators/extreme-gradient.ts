import type { Value } from "@graft-ml/core";
import { unbroadcast } from "../broadcast.ts";
import type { GradientContext } from "../operator.ts";

/** Gradient of `Max` or `Min`, folded from the left into pairs; `before` says that the first of a pair wins. */
export function extremeGradient(
  { g, inputs, dy, needs }: GradientContext,
  op: "Max" | "Min",
  before: "Greater" | "Less",
): (Value | undefined)[] {
  const values = inputs as readonly Value[];
  const folded = [values[0]!];
  for (const value of values.slice(1, -1)) folded.push(g.op(op, [folded.at(-1), value]));
  const gradients = new Array<Value | undefined>(values.length);
  const zero = g.scalar(0);
  let rest = dy;
  for (let i = values.length - 1; i > 0; i--) {
    const first = g.op(before, [folded[i - 1], values[i]]);
    if (needs(i)) gradients[i] = unbroadcast(g, g.op("Where", [first, zero, rest]), values[i]!);
    rest = unbroadcast(g, g.op("Where", [first, rest, zero]), folded[i - 1]!);
  }
  gradients[0] = rest;
  return gradients;
}
