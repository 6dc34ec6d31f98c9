import {
  checkInterrupted,
  type Engine,
  fail,
  float32,
  type Program,
  type Random,
  type RunControl,
  seededRandom,
  type Tensors,
} from "@graft-ml/core";
import { epochBatches, gatherBatch, type SampleSource } from "./batches.ts";
import type { Schedule } from "./schedules/schedule.ts";
import { LOSS, type TrainingStepSpec, trainingStep } from "./training-step.ts";
import { lossProgram, meanLoss } from "./validation.ts";

/** How a model is trained. */
export interface TrainOptions<Target> extends Omit<TrainingStepSpec, "batch"> {
  readonly engine: Engine;
  /** Name of the input that samples are fed to. */
  readonly boundary: string;
  readonly data: SampleSource<Target>;
  /** Held-out samples that decide when to stop and which weights are best; without them all epochs run. */
  readonly validation?: SampleSource<Target>;
  readonly epochs: number;
  readonly batch: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly schedule: Schedule;
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
  readonly seed: number;
  readonly threads?: number;
  readonly control?: RunControl;
}

/** What training leaves behind. */
export interface Trained {
  /** Final values of the trained initializers: those of the best epoch where there was a validation set. */
  readonly values: Tensors;
  /** Loss of every step, before its update. */
  readonly steps: readonly number[];
  /** Mean training loss of every epoch that ran. */
  readonly loss: readonly number[];
  /** Validation loss after every epoch that ran; empty without a validation set. */
  readonly validation: readonly number[];
  /** Epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
}

const WHERE = "trainers/train";

/** Trains by mini-batches: each step is one run of one graph. */
export async function train<Target>(options: TrainOptions<Target>): Promise<Trained> {
  const { data, validation, epochs, engine } = options;
  if (data.length === 0) throw fail(WHERE, "expected at least one training sample; received none");
  const batch = Math.min(options.batch, data.length);
  const step = trainingStep({ ...options, batch });
  const prepared = {
    carry: step.carry,
    initial: step.initial,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const program = await engine.prepare(step.graph, prepared);
  const judge = validation === undefined ? undefined : await lossProgram(options, step.variables, batch);
  const history = { steps: [] as number[], loss: [] as number[], validation: [] as number[] };
  const random = seededRandom(options.seed).fork("batches");
  let best: { readonly loss: number; readonly epoch: number; readonly state: Tensors } | undefined;
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      history.loss.push(await runEpoch(options, program, batch, random, history.steps));
      if (judge !== undefined) {
        const state = await program.state();
        const loss = await meanLoss(judge, options, validation!, pick(state, step.variables), batch);
        history.validation.push(loss);
        if (best === undefined || loss < best.loss) best = { loss, epoch, state };
      }
      report(options, epoch, history);
      if (best !== undefined && epoch - best.epoch >= options.patience) break;
    }
    const final = best?.state ?? (await program.state());
    return { values: pick(final, step.variables), ...history, bestEpoch: best?.epoch ?? epochs };
  } finally {
    await program.release();
    await judge?.release();
  }
}

function pick(values: Tensors, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, values[name]!]));
}

function report<Target>(
  options: TrainOptions<Target>,
  epoch: number,
  history: { loss: number[]; validation: number[] },
): void {
  const validation = history.validation.at(-1);
  options.control?.onEvent?.({
    type: "epoch",
    epoch,
    epochs: options.epochs,
    loss: history.loss.at(-1)!,
    ...(validation === undefined ? {} : { validation }),
  });
}

async function runEpoch<Target>(
  options: TrainOptions<Target>,
  program: Program,
  batch: number,
  random: Random,
  losses: number[],
): Promise<number> {
  const { data, head, targets, control } = options;
  const batches = epochBatches(data.length, batch, random);
  // Live statistics of a padded batch would see the padding.
  if (options.normalization === "live" && batches.length > 1 && batches.at(-1)!.length < batch) batches.pop();
  const steps = options.epochs * batches.length;
  let total = 0;
  let samples = 0;
  let next = gatherBatch(data, batches[0]!, batch);
  for (const [i, indices] of batches.entries()) {
    checkInterrupted(control?.signal, WHERE);
    const values = await next;
    // The next batch is gathered while this one runs.
    if (i + 1 < batches.length) next = gatherBatch(data, batches[i + 1]!, batch);
    const done = losses.length;
    const padded = Array.from({ length: batch }, (_, k) => indices[k] ?? indices[0]!);
    const results = await program.run(
      {
        [options.boundary]: values,
        ...head.encode(
          padded.map((index) => data.targets[index]),
          targets,
        ),
        sample_weight: float32(
          [batch],
          padded.map((_, k) => (k < indices.length ? 1 : 0)),
        ),
        learning_rate: float32([], [options.rate * options.schedule(done, steps)]),
        ...options.optimizer.scalars(done + 1),
      },
      [LOSS],
    );
    const loss = Number(results[LOSS]!.data[0]);
    if (!Number.isFinite(loss)) {
      throw fail(WHERE, `the loss is ${loss} at step ${done + 1}; lower the learning rate (now ${options.rate})`);
    }
    losses.push(loss);
    total += loss * indices.length;
    samples += indices.length;
    control?.onEvent?.({ type: "progress", stage: "train", done: losses.length, total: steps });
  }
  return total / samples;
}
