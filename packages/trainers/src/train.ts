import {
  checkInterrupted,
  type Engine,
  fail,
  type Program,
  type Random,
  type RunControl,
  seededRandom,
  type Tensors,
} from "@graft-ml/core";
import { epochBatches, gatherBatch, type SampleSource, stepsPerEpoch } from "./batches.ts";
import { checkCheckpoint, type TrainingCheckpoint, type TrainingHistory } from "./checkpoint.ts";
import type { Schedule } from "./schedules/schedule.ts";
import { breather } from "./solvers/breather.ts";
import { stepFeed } from "./step-feed.ts";
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
  /** Where to go on from. Everything else has to be as it was; then the result is the same, bit by bit, on the same engine. */
  readonly resume?: TrainingCheckpoint;
  /** Receives the state after every epoch, and before training ends early because of `control.signal`; it is awaited. */
  readonly onCheckpoint?: (checkpoint: TrainingCheckpoint) => void | Promise<void>;
}

/** What training leaves behind. */
export interface Trained extends TrainingHistory {
  /** Final values of the trained initializers: those of the best epoch where there was a validation set. */
  readonly values: Tensors;
  /** Epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
}

const WHERE = "trainers/train";

/** Trains by mini-batches: each step is one run of one graph. */
export async function train<Target>(options: TrainOptions<Target>): Promise<Trained> {
  const { data, validation, epochs, engine, resume, onCheckpoint } = options;
  if (data.length === 0) throw fail(WHERE, "expected at least one training sample; received none");
  const batch = Math.min(options.batch, data.length);
  const step = trainingStep({ ...options, batch });
  const perEpoch = stepsPerEpoch(data.length, batch, options.normalization);
  if (resume !== undefined) {
    checkCheckpoint(resume, { step, epochs, stepsPerEpoch: perEpoch, validates: validation !== undefined });
  }
  const random = seededRandom(options.seed).fork("batches");
  if (resume !== undefined) random.restore(resume.random);
  const program = await engine.prepare(step.graph, {
    carry: step.carry,
    initial: resume?.state ?? step.initial,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const judge = validation === undefined ? undefined : await lossProgram(options, step.variables, batch);
  const { steps = [], loss = [], validation: held = [] } = resume?.history ?? {};
  const history = { steps: [...steps], loss: [...loss], validation: [...held] };
  let best = resume?.best;
  const save = async (state: Tensors, drawn: readonly number[]): Promise<void> => {
    const { steps, loss, validation } = history;
    await onCheckpoint?.({
      state,
      history: { steps: [...steps], loss: [...loss], validation: [...validation] },
      ...(best !== undefined && { best }),
      random: drawn,
    });
  };
  try {
    while (history.loss.length < epochs && !(best && history.loss.length - best.epoch >= options.patience)) {
      const drawn = random.state();
      const onStop = async (): Promise<void> => save(await program.state(), drawn);
      history.loss.push(await runEpoch(options, { program, batch, perEpoch, random, history, onStop }));
      const state = judge || onCheckpoint ? await program.state() : {};
      if (judge !== undefined) {
        const values = pick(state, step.variables);
        const loss = await meanLoss(judge, options, validation!, values, batch);
        history.validation.push(loss);
        if (best === undefined || loss < best.loss) best = { loss, epoch: history.loss.length, values };
      }
      // Saved before it is told: whoever has heard of an epoch can rely on it.
      await save(state, random.state());
      report(options, history);
    }
    const values = best?.values ?? pick(await program.state(), step.variables);
    return { values, ...history, bestEpoch: best?.epoch ?? epochs };
  } finally {
    await program.release();
    await judge?.release();
  }
}

function pick(values: Tensors, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, values[name]!]));
}

function report<Target>(
  { control, epochs }: TrainOptions<Target>,
  history: { readonly loss: readonly number[]; readonly validation: readonly number[] },
): void {
  const validation = history.validation.at(-1);
  control?.onEvent?.({
    type: "epoch",
    epoch: history.loss.length,
    epochs,
    loss: history.loss.at(-1)!,
    ...(validation === undefined ? {} : { validation }),
  });
}

/** What an epoch works with. */
interface EpochWork {
  readonly program: Program;
  readonly batch: number;
  readonly perEpoch: number;
  readonly random: Random;
  readonly history: { readonly steps: number[]; readonly loss: readonly number[] };
  /** Called before the epoch ends early because somebody wants it to. */
  readonly onStop: () => Promise<void>;
}

/** Runs the steps of an epoch that are not done yet and returns the mean loss of all of them. */
async function runEpoch<Target>(options: TrainOptions<Target>, work: EpochWork): Promise<number> {
  const { data, control } = options;
  const { program, batch, perEpoch, history, onStop } = work;
  const losses = history.steps;
  const batches = epochBatches(data.length, batch, work.random).slice(0, perEpoch);
  const steps = options.epochs * perEpoch;
  const start = losses.length - history.loss.length * perEpoch;
  const before = losses.slice(losses.length - start);
  let total = before.reduce((sum, loss, i) => sum + loss * batches[i]!.length, 0);
  const pause = breather();
  let next = ahead(gatherBatch(data, batches[start]!, batch));
  for (const [i, indices] of batches.entries()) {
    if (i < start) continue;
    // Engines that compute on this very thread would never let a signal through.
    await pause();
    if (control?.signal?.aborted && i > start) await onStop();
    checkInterrupted(control?.signal, WHERE);
    const values = await next;
    // The next batch is gathered while this one runs.
    if (i + 1 < batches.length) next = ahead(gatherBatch(data, batches[i + 1]!, batch));
    const done = losses.length;
    const padded = Array.from({ length: batch }, (_, k) => indices[k] ?? indices[0]!);
    const feed = stepFeed(options, {
      values,
      targets: padded.map((index) => data.targets[index]!),
      weights: padded.map((_, k) => (k < indices.length ? 1 : 0)),
      rate: options.rate * options.schedule(done, steps),
      step: done + 1,
    });
    const results = await program.run(feed, [LOSS]);
    const loss = Number(results[LOSS]!.data[0]);
    if (!Number.isFinite(loss)) {
      throw fail(WHERE, `the loss is ${loss} at step ${done + 1}; lower the learning rate (now ${options.rate})`);
    }
    losses.push(loss);
    total += loss * indices.length;
    control?.onEvent?.({ type: "progress", stage: "train", done: losses.length, total: steps });
  }
  return total / batches.reduce((samples, indices) => samples + indices.length, 0);
}

/** Work that is awaited later: its failure is told then, and is not an unhandled one until then. */
function ahead<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
