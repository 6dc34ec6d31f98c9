import { booleanOption, fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Optimizer } from "./optimizer.ts";

/**
 * Gradient descent with momentum as PyTorch computes it; with `nesterov` the gradient counts ahead of the momentum (Sutskever et al.,
 * ICML 2013). Defaults: momentum 0, nesterov false, weightDecay 0 (added to the gradient).
 */
export function sgd(options: PlainOptions = {}): Optimizer {
  const where = "trainers/sgd";
  onlyOptions(where, options, ["momentum", "nesterov", "weightDecay"]);
  const momentum = numberOption(where, options, "momentum", 0, { min: 0, max: 1 });
  const nesterov = booleanOption(where, options, "nesterov", false);
  const weightDecay = numberOption(where, options, "weightDecay", 0, { min: 0 });
  if (nesterov && momentum === 0) {
    throw fail(where, "expected momentum above 0 where nesterov is true; received 0. Set momentum, for instance 0.9");
  }
  return {
    name: "sgd",
    summary: "gradient descent, with momentum on request",
    elementwise: true,
    slots: momentum > 0 ? ["momentum"] : [],
    scalars: () => ({}),
    update({ parameter, gradient, slots, rate, decays }, g) {
      let direction = gradient;
      if (decays && weightDecay > 0)
        direction = g.op("Add", [gradient, g.op("Mul", [parameter, g.scalar(weightDecay)])]);
      if (momentum === 0) return { parameter: g.op("Sub", [parameter, g.op("Mul", [direction, rate])]), slots: {} };
      const velocity = g.op("Add", [g.op("Mul", [slots.momentum, g.scalar(momentum)]), direction]);
      const step = nesterov ? g.op("Add", [direction, g.op("Mul", [velocity, g.scalar(momentum)])]) : velocity;
      return { parameter: g.op("Sub", [parameter, g.op("Mul", [step, rate])]), slots: { momentum: velocity } };
    },
  };
}
