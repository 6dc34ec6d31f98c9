import {
  type Backbone,
  type Engine,
  float32,
  type Head,
  type RunControl,
  seededRandom,
  type TargetSpec,
  type Tensors,
} from "@graft-ml/core";
import { cut } from "@graft-ml/graph";
import {
  attachHead,
  type Headed,
  type Optimizer,
  predictionGraph,
  type SampleSource,
  type Schedule,
  type Solver,
  type TrainOptions,
  train,
} from "@graft-ml/trainers";
import { allFeatures } from "./features.ts";
import { trainedHead } from "./model.ts";
import type { PhaseCut } from "./variables.ts";

/** A fitted head, and what is needed to judge it. */
export interface Fitted {
  /** Boundary to head outputs, with trained values. */
  readonly headed: Headed;
  readonly values: Tensors;
  readonly temperature: number;
  readonly engine: string;
  readonly epochs: number;
  readonly loss: readonly number[];
  readonly validation: readonly number[];
  readonly method: Readonly<Record<string, unknown>>;
}

/** What fitting needs of a task. */
export interface FitTask {
  readonly backbone: Backbone;
  readonly cut: PhaseCut;
  readonly head: Head;
  readonly targets: TargetSpec;
  readonly train: SampleSource<number>;
  readonly seed: number;
  readonly control?: RunControl;
}

/** Solves an affine head on frozen features; the temperature comes from predictions on folds that were held out. */
export async function solveHead(task: FitTask, solver: Solver): Promise<Fitted> {
  const { backbone, cut: phase, head, targets, train: source, seed, control } = task;
  const headed = attachHead(
    cut(backbone.graph, [phase.boundary]).suffix,
    backbone.card.features,
    head,
    targets,
    seededRandom(seed),
  );
  control?.onEvent?.({ type: "stage", stage: "solve" });
  const classes = targets.classes.length;
  const features = await allFeatures(source);
  const solution = await solver.fit(features, Int32Array.from(source.targets), classes, {
    seed,
    ...(control && { control }),
  });
  const values: Tensors = {
    "head.weight": float32([features.length / source.length, classes], solution.weight),
    "head.bias": float32([classes], solution.bias),
  };
  const held =
    solution.outOfFold === undefined
      ? undefined
      : head.decode({ probabilities: softmax(solution.outOfFold, classes) }, targets);
  return {
    headed: trainedHead(headed, values),
    values,
    temperature: held === undefined ? 1 : head.calibrate(held, source.targets, targets),
    engine: `solver:${solver.name}`,
    epochs: 0,
    loss: [],
    validation: [],
    method: { solver: solver.name, ...solution.details },
  };
}

/** Settings of iterative training. */
export interface TrainSettings {
  readonly engine: Engine;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly patience: number;
  readonly clipNorm?: number;
  readonly normalization: "frozen" | "live";
  readonly validation?: SampleSource<number>;
}

/** What training starts from: boundary to head outputs, pretrained below, the head's first values drawn by the seed. */
export function untrained({ backbone, cut: phase, head, targets, seed }: Omit<FitTask, "train">): Headed {
  const { suffix } = cut(backbone.graph, [phase.boundary]);
  return attachHead(suffix, backbone.card.features, head, targets, seededRandom(seed).fork("head"));
}

/** Trains the thawed groups and the head by mini-batches; the temperature comes from the validation samples. */
export async function trainHead(
  task: FitTask,
  settings: TrainSettings,
  checkpoints: Pick<TrainOptions<number>, "resume" | "onCheckpoint"> = {},
): Promise<Fitted> {
  const { cut: phase, head, targets, seed, control } = task;
  const headed = untrained(task);
  const trained = await train({
    ...settings,
    ...checkpoints,
    headed,
    head,
    targets,
    rates: phase.rates,
    boundary: phase.boundary,
    data: task.train,
    seed,
    ...(control && { control }),
  });
  const fitted = trainedHead(headed, trained.values);
  const { validation, engine } = settings;
  const held = validation && (await predictSource(engine, fitted, head, targets, phase.boundary, validation, 1));
  return {
    headed: fitted,
    values: trained.values,
    temperature: held === undefined ? 1 : head.calibrate(held, validation!.targets, targets),
    engine: engine.name,
    epochs: trained.loss.length,
    loss: trained.loss,
    validation: trained.validation,
    method: {
      optimizer: settings.optimizer.name,
      rate: settings.rate,
      batch: settings.batch,
      bestEpoch: trained.bestEpoch,
      steps: trained.steps,
    },
  };
}

/** Predictions for all samples of a source, in order. */
export async function predictSource(
  engine: Engine,
  headed: Headed,
  head: Head,
  targets: TargetSpec,
  boundary: string,
  source: SampleSource,
  temperature: number,
  batch: number = 32,
): Promise<unknown[]> {
  const program = await engine.prepare(predictionGraph(headed, head, temperature));
  const size = source.dims.reduce((a, b) => a * b, 1);
  const predictions: unknown[] = [];
  try {
    for (let start = 0; start < source.length; start += batch) {
      const indices = Array.from({ length: Math.min(batch, source.length - start) }, (_, i) => start + i);
      const values = new Float32Array(indices.length * size);
      await source.gather(indices, values);
      const outputs = await program.run({ [boundary]: float32([indices.length, ...source.dims], values) });
      predictions.push(...head.decode(outputs, targets));
    }
  } finally {
    await program.release();
  }
  return predictions;
}

function softmax(logits: Float64Array, classes: number): ReturnType<typeof float32> {
  const values = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const top = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
    row.forEach((value, k) => {
      values[start + k] = Math.exp(value - top) / total;
    });
  }
  return float32([logits.length / classes, classes], values);
}
