import type { Engine, Tensors } from "@graft-ml/core";
import { optimizers, schedules, solvers } from "@graft-ml/trainers";
import { type FitTask, solveHead, trainHead } from "../fit-head.ts";

/** Penalty of the head's fit, fixed: what is measured by it, which groups and channels matter most, does not hang on it. */
const C = 1;
/** Of a head that is not solved. */
const EPOCHS = 20;
const RATE = 1e-3;
const BATCH = 16;

/** Values of a head on frozen features, `train` fed at `card.features`: quick and good enough to measure by. */
export async function fittedHead(task: Omit<FitTask, "cut">, engine: Engine): Promise<Tensors> {
  const { card, groups } = task.backbone;
  const whole = { ...task, cut: { boundary: card.features, frozen: groups, trained: [], rates: {} } };
  if (task.head.closedForm === "multinomial")
    return (await solveHead(whole, solvers.logistic({ c: C, folds: 0 }))).values;
  const fitted = await trainHead(whole, {
    engine,
    optimizer: optimizers.adamw(),
    schedule: schedules.constant(),
    epochs: EPOCHS,
    batch: Math.min(BATCH, task.train.length),
    rate: RATE,
    patience: EPOCHS,
    normalization: "frozen",
  });
  return fitted.values;
}
