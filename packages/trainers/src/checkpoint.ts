import { fail, type Tensors } from "@graft-ml/core";
import type { TrainingStep } from "./training-step.ts";

/** What training has seen so far. */
export interface TrainingHistory {
  /** Loss of every step, before its update. */
  readonly steps: readonly number[];
  /** Mean training loss of every epoch that was finished. */
  readonly loss: readonly number[];
  /** Validation loss after every epoch that was finished; empty without a validation set. */
  readonly validation: readonly number[];
}

/** The epoch whose weights are best on the validation samples. */
export interface BestEpoch {
  readonly loss: number;
  /** Counted from 1; 0 is what training started from. */
  readonly epoch: number;
  /** The trained initializers after it. */
  readonly values: Tensors;
}

/** All that training needs to go on as if it had never stopped, after an epoch or in the middle of one. Plain values. */
export interface TrainingCheckpoint {
  /** Everything that lives on from step to step: trained initializers, running statistics, optimizer slots. */
  readonly state: Tensors;
  readonly history: TrainingHistory;
  readonly best?: BestEpoch;
  /** State of the stream that shuffles, as it was before it drew the epoch that is under way or comes next. */
  readonly random: readonly number[];
}

/** What a checkpoint has to fit. */
export interface CheckpointFit {
  readonly step: TrainingStep;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly validates: boolean;
  /** Whether the start counts as an epoch that can be the best. Default: false. */
  readonly judgesStart?: boolean;
}

const WHERE = "trainers/train";

/** Refuses a checkpoint of another training: values, shapes and counts have to be those of this one. */
export function checkCheckpoint(
  checkpoint: TrainingCheckpoint,
  { step, epochs, stepsPerEpoch, validates, judgesStart = false }: CheckpointFit,
): void {
  const { state, history, best, random } = checkpoint;
  sameShapes("value", state, step.initial, Object.keys(step.carry));
  if (best !== undefined) sameShapes("best value", best.values, step.initial, step.variables);
  const done = history.loss.length;
  const under = history.steps.length - done * stepsPerEpoch;
  count("finished epochs", done, 0, epochs);
  count("steps of the epoch under way", under, 0, done === epochs ? 0 : stepsPerEpoch - 1);
  count("validation losses", history.validation.length, validates ? done : 0, validates ? done : 0);
  count("numbers of random state", random.length, 5, 5);
  const judged = validates && (done > 0 || judgesStart);
  if (judged !== (best !== undefined)) {
    throw misfit(`expected ${judged ? "a" : "no"} best epoch; received ${judged ? "none" : "one"}`);
  }
  if (best !== undefined) count("for the best epoch", best.epoch, judgesStart ? 0 : 1, done);
}

function sameShapes(kind: string, found: Tensors, like: Tensors, names: readonly string[]): void {
  for (const name of names) {
    const wanted = like[name]!;
    const tensor = Object.hasOwn(found, name) ? found[name] : undefined;
    const has = tensor === undefined ? "none" : `${tensor.dtype} [${tensor.dims.join(", ")}]`;
    const needs = `${wanted.dtype} [${wanted.dims.join(", ")}]`;
    if (has !== needs) throw misfit(`expected the ${kind} "${name}" as ${needs}; received ${has}`);
  }
  const foreign = Object.keys(found).find((name) => !names.includes(name));
  if (foreign !== undefined) throw misfit(`expected no ${kind} "${foreign}"; received one`);
}

function count(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw misfit(`expected ${min === max ? min : `${min} to ${max}`} ${what}; received ${value}`);
}

function misfit(what: string): Error {
  return fail(
    WHERE,
    `the checkpoint is of another training: ${what}. Start afresh, or use the settings it was made with`,
  );
}
