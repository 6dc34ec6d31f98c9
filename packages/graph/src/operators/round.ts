import type { Operator } from "../operator.ts";
import { elementwise } from "./evaluation.ts";

/** The nearest whole number, the even one of two; its slope is 0 wherever it has one. */
export const round: Operator = {
  op: "Round",
  since: 11,
  infer: (c) => [c.input(0)],
  evaluate: elementwise({ real: nearest }),
  stopsGradient: true,
};

function nearest(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  const whole = rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
  // What is rounded up to zero stays negative.
  return whole === 0 && x < 0 ? -0 : whole;
}
