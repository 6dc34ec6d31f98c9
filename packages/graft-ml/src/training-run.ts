import { type FreezingPlan, fail } from "@graft-ml/core";
import type { ImageDataset } from "@graft-ml/data";
import { openEngine } from "@graft-ml/runtime";
import { optimizers, type SampleSource, schedules } from "@graft-ml/trainers";
import { openCheckpoints } from "./checkpoints.ts";
import { chooseEngine } from "./choose-engine.ts";
import { type FitTask, type Fitted, type TrainSettings, trainHead } from "./fit-head.ts";
import { fittingBatch } from "./fitting-batch.ts";
import { holdOut } from "./hold-out.ts";
import { plannedIdentity, samplesIdentity } from "./run-identity.ts";
import type { TransferOptions } from "./transfer.ts";

/** What is trained. */
export interface TrainingJob extends Omit<FitTask, "train" | "control"> {
  readonly dataset: ImageDataset;
  readonly plan: FreezingPlan;
  readonly normalization: "frozen" | "live";
}

/** Training that is settled but has no samples yet. */
export interface TrainingRun {
  /** Trains on the task's samples; without a validation set of their own some are held out. */
  fit(task: FitTask, validation: SampleSource<number> | undefined): Promise<Fitted>;
}

/** Settles how a job is trained, and refuses a checkpoint of another run before anything expensive. */
export async function planTraining(options: TransferOptions, job: TrainingJob): Promise<TrainingRun> {
  const { patience = 5, checkpoint, resume = false, control } = options;
  if (resume && checkpoint === undefined) {
    throw fail(
      "graft/transfer",
      "expected checkpoint, the folder to go on from, together with resume; received none. Name it",
    );
  }
  const settings = trainSettings(options, job);
  const checkpoints =
    checkpoint === undefined
      ? undefined
      : await openCheckpoints(checkpoint, plannedIdentity({ ...job, settings }), resume, control);
  return {
    async fit(task, validation) {
      const parts =
        patience === 0
          ? { train: task.train }
          : validation === undefined
            ? holdOut(task.train, task.seed)
            : { train: task.train, validation };
      const held = "validation" in parts ? { validation: parts.validation } : {};
      const work = { ...task, train: parts.train };
      const { engine: asked = "auto" } = options;
      // Another engine or batch rounds otherwise: a run goes on as it began, whatever is fast or free today.
      const name = (asked === "auto" && checkpoints?.engine) || asked;
      const judge = await openEngine(name === "auto" ? "onnxruntime" : name);
      const batch = checkpoints?.batch ?? fittingBatch(judge, work, settings);
      const fitting = { ...settings, ...held, batch };
      const run = { ...fitting, engine: await chooseEngine(name, work, fitting) };
      return trainHead(work, run, checkpoints?.begin(samplesIdentity(work, run)));
    },
  };
}

function trainSettings(
  { patience = 5, batch = 16, ...options }: TransferOptions,
  { cut, normalization }: TrainingJob,
): Omit<TrainSettings, "engine" | "validation"> {
  const headOnly = cut.trained.length === 0;
  const { epochs = headOnly ? 20 : 5, rate = headOnly ? 1e-3 : 1e-4, clipNorm } = options;
  return {
    optimizer: options.optimizer ?? optimizers.adamw(),
    schedule: options.schedule ?? schedules.oneCycle(),
    epochs,
    batch,
    rate,
    normalization,
    patience: patience === 0 ? epochs : patience,
    ...(clipNorm !== undefined && { clipNorm }),
  };
}
