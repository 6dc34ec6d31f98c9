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
import { updateAt, updatesPerEpoch } from "./accumulation.ts";
import { padded, type SampleBatch, type SampleSource, stepsPerEpoch, trainedBatches } from "./batches.ts";
import { checkCheckpoint, type TrainingCheckpoint, type TrainingHistory } from "./checkpoint.ts";
import { mixBatch } from "./mixing/mixing.ts";
import type { Sampler } from "./samplers/sampler.ts";
import type { Schedule } from "./schedules/schedule.ts";
import { breather } from "./solvers/breather.ts";
import { stepFeed } from "./step-feed.ts";
import { type StepPrograms, stepOf, stepPrograms } from "./step-programs.ts";
import { type TrainingStepSpec, trainedValues } from "./training-step.ts";
import { lossProgram, meanLoss } from "./validation.ts";

/** How a model is trained. */
export interface TrainOptions<Target> extends Omit<TrainingStepSpec, "batch"> {
  readonly engine: Engine;
  readonly data: SampleSource<Target>;
  /** Held-out samples that decide when to stop and which weights are best; without them all epochs run. */
  readonly validation?: SampleSource<Target>;
  readonly epochs: number;
  readonly batch: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly schedule: Schedule;
  /** Chooses the samples of an epoch. Default: each one once. */
  readonly sampler?: Sampler;
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
  /** Whether what training starts from is an epoch 0 that can be the best one. Default: false. */
  readonly judgesStart?: boolean;
  readonly seed: number;
  /** What the first epoch is called where sources vary their samples by it. Default: 0. */
  readonly firstEpoch?: number;
  /** Order of the dimensions of pictures that `mixing` mixes. Default: NCHW. */
  readonly layout?: "NCHW" | "NHWC";
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
  /** Epoch whose weights were kept, counted from 1; 0 where none was better than the start. */
  readonly bestEpoch: number;
}

const WHERE = "trainers/train";

/**
 * Trains by mini-batches: each step is one run of one graph. Where samples are sequences each of the source's paddings gets a graph of
 * its own when it is first needed; all work on the same weights, but each holds what is frozen and its own intermediate values.
 */
export async function train<Target>(options: TrainOptions<Target>): Promise<Trained> {
  const { data, validation, epochs, resume, onCheckpoint } = options;
  if (data.length === 0) throw fail(WHERE, "expected at least one training sample; received none");
  const batch = Math.min(options.batch, data.length);
  checkLengths(data);
  const step = stepOf(options, batch);
  const perEpoch = stepsPerEpoch(data.length, batch, options.normalization);
  if (resume !== undefined) {
    const { judgesStart = false } = options;
    const validates = validation !== undefined;
    checkCheckpoint(resume, { step, epochs, stepsPerEpoch: perEpoch, validates, judgesStart });
  }
  const random = seededRandom(options.seed).fork("batches");
  if (resume !== undefined) random.restore(resume.random);
  const programs = await stepPrograms(options, batch, step, resume?.state ?? step.initial);
  let judge: Program | undefined;
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
    judge = validation === undefined ? undefined : await lossProgram(options, step.variables, batch);
    if (judge !== undefined && options.judgesStart && best === undefined) {
      const values = trainedValues(step, await programs.state());
      best = { loss: await meanLoss(judge, options, validation!, values, batch), epoch: 0, values };
    }
    while (history.loss.length < epochs && !(best && history.loss.length - best.epoch >= options.patience)) {
      const drawn = random.state();
      const onStop = async (): Promise<void> => save(await programs.state(), drawn);
      history.loss.push(await runEpoch(options, { programs, batch, perEpoch, random, history, onStop }));
      const state = judge || onCheckpoint ? await programs.state() : {};
      if (judge !== undefined) {
        const values = trainedValues(step, state);
        const loss = await meanLoss(judge, options, validation!, values, batch);
        history.validation.push(loss);
        if (best === undefined || loss < best.loss) best = { loss, epoch: history.loss.length, values };
      }
      // Saved before it is told: whoever has heard of an epoch can rely on it.
      await save(state, random.state());
      report(options, history);
    }
    const values = best?.values ?? trainedValues(step, await programs.state());
    return { values, ...history, bestEpoch: best?.epoch ?? epochs };
  } finally {
    await programs.release();
    await judge?.release();
  }
}

/** Each padding is a graph that takes time and memory, so that a source has to say which ones it wants. */
function checkLengths({ lengths, paddings }: SampleSource): void {
  if (lengths === undefined) return;
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  if (paddings !== undefined && paddings.at(-1)! >= longest) return;
  throw fail(
    WHERE,
    `expected paddings up to ${longest} tokens beside the samples' lengths; received ${paddings?.join(", ") || "none"}`,
  );
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
  readonly programs: StepPrograms;
  readonly batch: number;
  readonly perEpoch: number;
  readonly random: Random;
  readonly history: { readonly steps: number[]; readonly loss: readonly number[] };
  /** Called before the epoch ends early because somebody wants it to. */
  readonly onStop: () => Promise<void>;
}

/** Runs the steps of an epoch that are not done yet and returns the mean loss of all of them. */
async function runEpoch<Target>(options: TrainOptions<Target>, work: EpochWork): Promise<number> {
  const { data, control, mixing } = options;
  const { programs, batch, perEpoch, history, onStop } = work;
  const losses = history.steps;
  const batches = trainedBatches(data, batch, work.random, options.normalization, options.sampler);
  const steps = options.epochs * perEpoch;
  const updates = options.epochs * updatesPerEpoch(perEpoch, options.accumulate);
  const start = losses.length - history.loss.length * perEpoch;
  const before = losses.slice(losses.length - start);
  let total = before.reduce((sum, loss, i) => sum + loss * batches[i]!.indices.length, 0);
  const pause = breather();
  const gather = (wanted: SampleBatch): Promise<Tensors> =>
    ahead(data.feed({ ...padded(wanted, batch), epoch: (options.firstEpoch ?? 0) + history.loss.length }));
  let next = gather(batches[start]!);
  for (const [i, wanted] of batches.entries()) {
    if (i < start) continue;
    // Engines that compute on this very thread would never let a signal through.
    await pause();
    if (control?.signal?.aborted && i > start) await onStop();
    checkInterrupted(control?.signal, WHERE);
    const inputs = await next;
    // The next batch is gathered while this one runs.
    if (i + 1 < batches.length) next = gather(batches[i + 1]!);
    const done = losses.length;
    const { number, applies } = updateAt(done, perEpoch, options.accumulate);
    const all = padded(wanted, batch).indices;
    const targets = all.map((index) => data.targets[index]!);
    const mixed =
      mixing &&
      mixBatch(mixing, inputs, wanted.indices.length, {
        // By the step, so that one that goes on later draws the same.
        random: seededRandom(`${options.seed}/mixing/${done}`),
        layout: options.layout ?? "NCHW",
      });
    const feed = stepFeed(options, {
      inputs: mixed?.inputs ?? inputs,
      targets,
      ...(mixed && { partners: { targets: mixed.partners.map((i) => targets[i]!), shares: mixed.shares } }),
      weights: all.map((_, k) => (k < wanted.indices.length ? 1 : 0)),
      rate: options.rate * options.schedule.multiple(number - 1, updates),
      step: number,
      applies,
    });
    const loss = await programs.run(wanted.tokens, feed);
    if (!Number.isFinite(loss)) {
      throw fail(WHERE, `the loss is ${loss} at step ${done + 1}; lower the learning rate (now ${options.rate})`);
    }
    losses.push(loss);
    total += loss * wanted.indices.length;
    control?.onEvent?.({ type: "progress", stage: "train", done: losses.length, total: steps });
  }
  return total / batches.reduce((samples, { indices }) => samples + indices.length, 0);
}

/** Work that is awaited later: its failure is told then, and is not an unhandled one until then. */
function ahead<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
