import { optimizers, schedules } from "@graft-ml/trainers";
import type { TrainSettings } from "./fit-head.ts";
import type { PlannedPhase } from "./plans/plan-phases.ts";
import type { TransferOptions } from "./transfer.ts";

/** How one phase is trained: what was asked for, and defaults. Each phase runs a schedule of its own, from start to end. */
export function trainSettings(
  { patience = 5, batch = 16, clipNorm, optimizer, schedule, mixing, ...rest }: TransferOptions,
  { epochs, rate, normalization }: Pick<PlannedPhase, "epochs" | "rate" | "normalization">,
): Omit<TrainSettings, "engine" | "validation"> {
  return {
    optimizer: optimizer ?? optimizers.adamw(),
    schedule: schedule ?? schedules.oneCycle(),
    epochs,
    batch,
    rate,
    normalization,
    patience: patience === 0 ? epochs : patience,
    ...(clipNorm !== undefined && { clipNorm }),
    ...(mixing && { mixing }),
    ...(rest.accumulate !== undefined && { accumulate: rest.accumulate }),
    ...(rest.ema !== undefined && { ema: rest.ema }),
    ...(rest.sampler && { sampler: rest.sampler }),
    ...(rest.regularizers && { regularizers: rest.regularizers }),
  };
}
