import { fail, numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { reduceSum } from "@graft-ml/graph";
import type { Regularizer } from "./regularizer.ts";

/** Name of the input that a teacher's logits are fed to, `[batch, classes]`: `withTeacher` feeds it. */
export const TEACHER_LOGITS: string = "teacher_logits";

/**
 * Distillation of predictions (Hinton, Vinyals and Dean, 2015, section 2): strength · T² · KL(softmax(teacher / T) ‖ softmax(student / T))
 * beside the loss on the labels. Defaults: `temperature` (T) 4, `strength` 1.
 */
export function distillLogits(options: PlainOptions = {}): Regularizer {
  const where = "trainers/distill-logits";
  onlyOptions(where, options, ["temperature", "strength"]);
  const temperature = numberOption(where, options, "temperature", 4, { min: 0.01 });
  const strength = numberOption(where, options, "strength", 1, { min: 0 });
  return {
    name: "distill-logits",
    summary: "predicts what a teacher predicts",
    term({ outputs: { logits }, mean }, g) {
      if (logits === undefined) throw fail(where, "expected a head with an output logits; received another");
      const soft = g.scalar(1 / temperature);
      const teacher = g.op("Mul", [g.input(TEACHER_LOGITS, "float32", logits.dims), soft]);
      const student = g.op("LogSoftmax", [g.op("Mul", [logits, soft])], { axis: 1 });
      const difference = g.op("Sub", [g.op("LogSoftmax", [teacher], { axis: 1 }), student]);
      const divergence = reduceSum(g, g.op("Mul", [g.op("Softmax", [teacher], { axis: 1 }), difference]), [1], false);
      return g.op("Mul", [mean(divergence), g.scalar(strength * temperature ** 2)]);
    },
  };
}
