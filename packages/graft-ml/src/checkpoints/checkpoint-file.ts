import { readFile, stat } from "node:fs/promises";
import { fail, type Tensor, type Tensors } from "@graft-ml/core";
import { readSafetensors, writeSafetensors } from "@graft-ml/data";
import type { TrainingCheckpoint } from "@graft-ml/trainers";
import type { RunIdentity } from "./run-identity.ts";

/** What a finished phase leaves to those after it and to the summary. Plain JSON. */
export interface PhaseReport {
  /** Value at which the frozen part ended. */
  readonly boundary: string;
  /** Parameters that could change, the head's included. */
  readonly parameters: number;
  /** How many of these are the head's. */
  readonly head: number;
  readonly engine: string;
  readonly epochs: number;
  /** Mean loss of each epoch, and that of held-out samples. */
  readonly loss: readonly number[];
  readonly validation: readonly number[];
  /** Solver and its chosen settings, or the optimizer's. */
  readonly method: Readonly<Record<string, unknown>>;
  readonly seconds: { readonly recut: number; readonly train: number };
}

/** The phases before the one that trains. */
export interface FinishedPhases {
  readonly reports: readonly PhaseReport[];
  /** All initializers that they changed, the head's included. */
  readonly values: Tensors;
}

/** A checkpoint together with the run that it is of. */
export interface StoredCheckpoint {
  readonly identity: RunIdentity;
  readonly finished: FinishedPhases;
  readonly training: TrainingCheckpoint;
}

const WHERE = "graft/checkpoint";
const FORMAT = "1";
/** What Node reads in one piece. */
const FILE_LIMIT = 2 ** 31 - 1;

/** The bytes of a checkpoint: every number as a tensor, so that all of them come back bit by bit. */
export function checkpointBytes({ identity, finished, training }: StoredCheckpoint): Uint8Array {
  const { state, history, best, random } = training;
  const tensors: Record<string, Tensor> = {
    ...prefixed("state/", state),
    ...prefixed("best/values/", best?.values ?? {}),
    ...prefixed("finished/", finished.values),
    "history/steps": float64(history.steps),
    "history/loss": float64(history.loss),
    "history/validation": float64(history.validation),
    random: float64(random),
    ...(best && { best: float64([best.loss, best.epoch]) }),
  };
  const metadata = {
    format: FORMAT,
    identity: JSON.stringify(identity),
    phases: JSON.stringify(finished.reports),
    node: process.version,
  };
  return writeSafetensors(tensors, metadata);
}

/** Reads a checkpoint; undefined where there is no file, an error where there is one that cannot be used. */
export async function readCheckpoint(path: string): Promise<StoredCheckpoint | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw unusable(path, error.message, error);
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw unusable(path, "it is no file");
  if (found.size > FILE_LIMIT) throw unusable(path, `it is larger than ${FILE_LIMIT} bytes`);
  try {
    return parse(await readFile(path));
  } catch (cause) {
    throw unusable(path, (cause as Error).message, cause);
  }
}

function parse(bytes: Uint8Array): StoredCheckpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== FORMAT) throw fail(WHERE, `expected format ${FORMAT}; received ${metadata.format ?? "none"}`);
  const identity: unknown = JSON.parse(metadata.identity ?? "null");
  if (typeof identity !== "object" || identity === null || Array.isArray(identity)) {
    throw fail(WHERE, "expected the description of a run; received none");
  }
  const reports: unknown = JSON.parse(metadata.phases ?? "[]");
  if (!Array.isArray(reports)) throw fail(WHERE, "expected the list of finished phases; received none");
  const numbers = (name: string): number[] => {
    const { dtype, dims, data } = tensors[name] ?? {};
    if (dtype === "float64" && dims?.length === 1) return Array.from(data as Float64Array);
    throw fail(WHERE, `expected "${name}" as a list of float64; received ${dtype ?? "none"}`);
  };
  const values = under("best/values/", tensors);
  const [loss, epoch] = tensors.best === undefined ? [] : numbers("best");
  return {
    identity: identity as RunIdentity,
    finished: { reports: reports as PhaseReport[], values: under("finished/", tensors) },
    training: {
      state: under("state/", tensors),
      history: {
        steps: numbers("history/steps"),
        loss: numbers("history/loss"),
        validation: numbers("history/validation"),
      },
      ...(loss !== undefined && epoch !== undefined && { best: { loss, epoch, values } }),
      random: numbers("random"),
    },
  };
}

function unusable(path: string, reason: string, cause?: unknown): Error {
  return fail(WHERE, `cannot go on from ${path}: ${reason}. Leave --resume out to start afresh`, { cause });
}

function float64(values: readonly number[]): Tensor {
  return { dtype: "float64", dims: [values.length], data: Float64Array.from(values) };
}

function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

function under(prefix: string, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
