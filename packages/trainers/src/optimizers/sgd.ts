import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Optimizer } from "./optimizer.ts";

/** Gradient descent with momentum as PyTorch computes it. Defaults: momentum 0, weightDecay 0 (added to the gradient). */
export function sgd(options: PlainOptions = {}): Optimizer {
  const where = "trainers/sgd";
  onlyOptions(where, options, ["momentum", "weightDecay"]);
  const momentum = numberOption(where, options, "momentum", 0, { min: 0, max: 1 });
  const weightDecay = numberOption(where, options, "weightDecay", 0, { min: 0 });
  return {
    name: "sgd",
    summary: "gradient descent, with momentum on request",
    slots: momentum > 0 ? ["momentum"] : [],
    scalars: () => ({}),
    update({ parameter, gradient, slots, rate, decays }, g) {
      let direction = gradient;
      if (decays && weightDecay > 0)
        direction = g.op("Add", [gradient, g.op("Mul", [parameter, g.scalar(weightDecay)])]);
      if (momentum === 0) return { parameter: g.op("Sub", [parameter, g.op("Mul", [direction, rate])]), slots: {} };
      const velocity = g.op("Add", [g.op("Mul", [slots.momentum, g.scalar(momentum)]), direction]);
      return { parameter: g.op("Sub", [parameter, g.op("Mul", [velocity, rate])]), slots: { momentum: velocity } };
    },
  };
}
