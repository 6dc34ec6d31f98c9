import { float32, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Optimizer } from "./optimizer.ts";

/**
 * AdamW (Loshchilov and Hutter, ICLR 2019, algorithm 2) as PyTorch computes it.
 * Defaults: beta1 0.9, beta2 0.999, epsilon 1e-8, weightDecay 0.01.
 */
export function adamw(options: PlainOptions = {}): Optimizer {
  const where = "trainers/adamw";
  onlyOptions(where, options, ["beta1", "beta2", "epsilon", "weightDecay"]);
  const beta1 = numberOption(where, options, "beta1", 0.9, { min: 0, max: 0.9999 });
  const beta2 = numberOption(where, options, "beta2", 0.999, { min: 0, max: 0.999999 });
  const epsilon = numberOption(where, options, "epsilon", 1e-8, { min: 0 });
  const weightDecay = numberOption(where, options, "weightDecay", 0.01, { min: 0 });
  return {
    name: "adamw",
    summary: "Adam with decoupled weight decay",
    elementwise: true,
    slots: ["m", "v"],
    // The moments are kept without their factors (1 − β), which the fed scalars make up for: four passes over the weights less.
    scalars(step) {
      const spread = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
      return {
        stride: float32([], [(1 - beta1) / (1 - beta1 ** step) / spread]),
        floor: float32([], [epsilon / spread]),
      };
    },
    update({ parameter, gradient, slots, rate, scalars, decays }, g) {
      const m = g.op("Add", [g.op("Mul", [slots.m, g.scalar(beta1)]), gradient]);
      const v = g.op("Add", [g.op("Mul", [slots.v, g.scalar(beta2)]), g.op("Mul", [gradient, gradient])]);
      const direction = g.op("Div", [m, g.op("Add", [g.op("Sqrt", [v]), scalars.floor])]);
      const step = g.op("Mul", [direction, g.op("Mul", [rate, scalars.stride])]);
      const kept =
        decays && weightDecay > 0
          ? g.op("Mul", [parameter, g.op("Sub", [g.scalar(1), g.op("Mul", [rate, g.scalar(weightDecay)])])])
          : parameter;
      return { parameter: g.op("Sub", [kept, step]), slots: { m, v } };
    },
  };
}
