import { mkdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, GraftError, type RunControl } from "@graft-ml/core";
import { sweepTemporary, writeAtomically } from "@graft-ml/data";
import type { TrainingCheckpoint, TrainOptions } from "@graft-ml/trainers";
import { checkpointBytes, type FinishedPhases, readCheckpoint, type StoredCheckpoint } from "./checkpoint-file.ts";
import { difference, FITTING_BATCH, type RunIdentity } from "./run-identity.ts";

/** The checkpoints of one run, in one folder. */
export interface Checkpoints {
  /** Engine of the run to go on with, if there is one. */
  readonly engine?: string;
  /** Samples in its batches, which may be fewer than were asked for. */
  readonly batch?: number;
  /** Starts or goes on; `rest` is what was not known of the run before, and is compared now. */
  begin(rest: RunIdentity): Journal;
}

/** The checkpoints of a run that has begun. */
export interface Journal {
  /** Phases that are done already, with what they made. */
  readonly finished: FinishedPhases;
  /** What `train` takes for the phase after these ones; the first call goes on where the run was stopped. */
  phase(finished: FinishedPhases): Pick<TrainOptions<number>, "resume" | "onCheckpoint">;
}

const NONE: FinishedPhases = { reports: [], values: {} };

const WHERE = "graft/checkpoint";
const FILE = "checkpoint.safetensors";

/** Opens the folder of a run's checkpoints; with `resume` the one that is there is gone on from, or refused if of another run. */
export async function openCheckpoints(
  folder: string,
  planned: RunIdentity,
  resume: boolean,
  control?: RunControl,
): Promise<Checkpoints> {
  const path = join(folder, FILE);
  const tell = (message: string): void => control?.onEvent?.({ type: "notice", message: `[${WHERE}] ${message}` });
  const left = await readCheckpoint(path).catch((error: unknown) => {
    if (resume || !(error instanceof GraftError)) throw error;
    return error;
  });
  const check = (run: RunIdentity): void => {
    const other = resume && left && !(left instanceof GraftError) && difference(left.identity, run);
    if (!other) return;
    throw fail(
      WHERE,
      `cannot go on from ${path}: ${other}. Give the settings of that run, or leave --resume out to start afresh`,
    );
  };
  check(planned);
  const begin: Checkpoints["begin"] = (rest) => {
    const run = { ...planned, ...rest };
    check(run);
    const afresh = (keepsOlder: boolean): Journal => {
      const write = writer(path, run, keepsOlder, tell);
      return { finished: NONE, phase: (finished) => ({ onCheckpoint: (training) => write(training, finished) }) };
    };
    if (left instanceof GraftError) {
      tell(`starting afresh; ${path} cannot be read and will be replaced`);
      return afresh(false);
    }
    if (left === undefined) {
      if (resume) tell(`there is no ${path} to go on from; training starts from the beginning`);
      return afresh(false);
    }
    if (resume) {
      tell(`going on from ${path}, made ${progress(left)}`);
      const { phase } = afresh(false);
      const goesOn = (finished: FinishedPhases): boolean => finished.reports.length === left.finished.reports.length;
      return {
        finished: left.finished,
        phase: (finished) => ({ ...phase(finished), ...(goesOn(finished) && { resume: left.training }) }),
      };
    }
    const other = difference(left.identity, run, ["engine"]);
    tell(
      other === undefined
        ? `starting afresh; --resume would go on from ${path}, made ${progress(left)}`
        : `starting afresh; ${path} is of another run (${other}) and will be replaced`,
    );
    return afresh(other === undefined);
  };
  const found = resume && left !== undefined && !(left instanceof GraftError);
  const pinned = found && { engine: String(left.identity.engine), batch: Number(left.identity[FITTING_BATCH]) };
  return { ...pinned, begin };
}

/** Whether a folder holds a checkpoint. */
export async function hasCheckpoint(folder: string): Promise<boolean> {
  return stat(join(folder, FILE)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Removes a folder's checkpoint, and the folder where nothing else is in it. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  const absent = ["ENOENT", "ENOTEMPTY", "EEXIST"];
  try {
    await sweepTemporary(folder, Number.POSITIVE_INFINITY);
    await rmdir(folder);
  } catch (error) {
    if (!absent.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function writer(
  path: string,
  identity: RunIdentity,
  keepsOlder: boolean,
  tell: (message: string) => void,
): (training: TrainingCheckpoint, finished: FinishedPhases) => Promise<void> {
  let swept = false;
  let refused = false;
  const folder = dirname(path);
  return async (training, finished) => {
    // Whoever stops at once to go on from the older one after all still finds it.
    if (refused || (keepsOlder && training.history.loss.length === 0 && finished.reports.length === 0)) return;
    try {
      await mkdir(folder, { recursive: true });
      // What killed runs left half-written.
      if (!swept) await sweepTemporary(folder);
      swept = true;
      await writeAtomically(path, checkpointBytes({ identity, finished, training }));
    } catch (error) {
      if (error instanceof GraftError) throw error;
      refused = true;
      tell(`cannot write ${path} (${(error as Error).message}); this run could not be gone on with`);
    }
  };
}

function progress({ finished, training }: StoredCheckpoint): string {
  const { steps, loss } = training.history;
  const phase = finished.reports.length === 0 ? "" : ` of phase ${finished.reports.length + 1}`;
  return loss.length === 0
    ? `after step ${steps.length}${phase}`
    : `after epoch ${loss.length}${phase} (step ${steps.length})`;
}
