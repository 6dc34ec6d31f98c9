import { numberOption, onlyOptions, type PlainOptions, type Value } from "@graft-ml/core";
import type { Regularizer } from "./regularizer.ts";
import { sumOfSquares, total } from "./sums.ts";

/**
 * Pulls pretrained weights to where they started, and those of the head to zero: α/2 ‖w − w⁰‖² + β/2 ‖w_head‖² (Li, Grandvalet and
 * Davoine, ICML 2018, eq. 4). It stands in for weight decay. Defaults: alpha 0.1, beta 0.01, the paper's.
 */
export function l2Sp(options: PlainOptions = {}): Regularizer {
  const where = "trainers/l2-sp";
  onlyOptions(where, options, ["alpha", "beta"]);
  const alpha = numberOption(where, options, "alpha", 0.1, { min: 0 });
  const beta = numberOption(where, options, "beta", 0.01, { min: 0 });
  return {
    name: "l2-sp",
    summary: "pulls pretrained weights to where they started",
    term({ pretrained, fresh }, g) {
      const moved = pretrained.map(({ value, start }) => sumOfSquares(g, g.op("Sub", [value, g.constant(start)])));
      const scaled = (sum: Value, by: number): Value => g.op("Mul", [sum, g.scalar(by / 2)]);
      const head = fresh.map((value) => sumOfSquares(g, value));
      return total(g, [...moved.map((sum) => scaled(sum, alpha)), ...head.map((sum) => scaled(sum, beta))]);
    },
  };
}
