import {
  type Backbone,
  type Engine,
  type FreezingPhase,
  float32,
  type Head,
  type Preprocessing,
  type RunControl,
  seededRandom,
  type TargetSpec,
  type Tensors,
} from "@graft-ml/core";
import { cut } from "@graft-ml/graph";
import {
  attachHead,
  type Headed,
  type Mixing,
  type Optimizer,
  plainBatches,
  predictionGraph,
  type Regularizer,
  type Sampler,
  type SampleSource,
  type Schedule,
  type Solver,
  type TrainOptions,
  train,
} from "@graft-ml/trainers";
import { allRows } from "./features.ts";
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
  readonly backbone: Backbone<Preprocessing>;
  readonly cut: PhaseCut;
  readonly head: Head;
  readonly targets: TargetSpec;
  readonly train: SampleSource<number>;
  readonly seed: number;
  /** What earlier phases made of the initializers, the head's included: where this one starts. */
  readonly values?: Tensors;
  readonly control?: RunControl;
}

/** Solves an affine head on frozen features; the temperature comes from predictions on folds that were held out. */
export async function solveHead(task: FitTask, solver: Solver): Promise<Fitted> {
  const { cut: phase, head, targets, train: source, seed, control } = task;
  const headed = untrained(task);
  control?.onEvent?.({ type: "stage", stage: "solve" });
  const classes = targets.classes.length;
  const { features, labels, groups } = await allRows(phase.boundary, source);
  const solution = await solver.fit(features, labels, classes, {
    seed,
    ...(groups && { groups }),
    ...(control && { control }),
  });
  const values: Tensors = {
    "head.weight": float32([features.length / labels.length, classes], solution.weight),
    "head.bias": float32([classes], solution.bias),
  };
  const held =
    solution.outOfFold === undefined
      ? undefined
      : head.decode(
          // The first rows are the samples as they are, which is how they will be met.
          { probabilities: softmax(solution.outOfFold.subarray(0, source.length * classes), classes) },
          targets,
        );
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
  /** Whether what training starts from can be the best: where phases came before. */
  readonly judgesStart?: boolean;
  readonly clipNorm?: number;
  readonly mixing?: Mixing;
  /** Batches whose mean gradient makes one update. */
  readonly accumulate?: number;
  /** Decay of an average of what trains, which is then what training leaves. */
  readonly ema?: number;
  readonly sampler?: Sampler;
  readonly regularizers?: readonly Regularizer[];
  /** What regularisers take for pretrained, where it is not what training starts from. */
  readonly pretrained?: Tensors;
  /** Epochs of the phases before: sources that vary their samples go on from there. */
  readonly firstEpoch?: number;
  readonly normalization: FreezingPhase["normalization"];
  readonly validation?: SampleSource<number>;
}

/** What training starts from: boundary to head outputs, as earlier phases left it or pretrained, with a head drawn by the seed. */
export function untrained({ backbone, cut: phase, head, targets, seed, values = {} }: Omit<FitTask, "train">): Headed {
  const { suffix } = cut(backbone.graph, [phase.boundary]);
  return trainedHead(
    attachHead(suffix, backbone.card.features, head, targets, seededRandom(seed).fork("head")),
    values,
  );
}

/** Trains the thawed groups and the head by mini-batches; the temperature comes from the validation samples. */
export async function trainHead(
  task: FitTask,
  settings: TrainSettings,
  checkpoints: Pick<TrainOptions<number>, "resume" | "onCheckpoint"> = {},
): Promise<Fitted> {
  const { backbone, cut: phase, head, targets, seed, control } = task;
  const { input, preprocessing } = backbone.card;
  const headed = untrained(task);
  const trained = await train({
    ...settings,
    // Above the pixels all maps of features are ONNX's.
    layout: phase.boundary === input && "layout" in preprocessing ? preprocessing.layout : "NCHW",
    ...checkpoints,
    headed,
    head,
    targets,
    rates: phase.rates,
    data: task.train,
    seed,
    ...(control && { control }),
  });
  const fitted = trainedHead(headed, trained.values);
  const { validation, engine } = settings;
  const held = validation && (await predictSource(engine, fitted, head, targets, validation, 1));
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
      schedule: settings.schedule.name,
      rate: settings.rate,
      batch: settings.batch,
      ...toldOf(settings, targets),
      bestEpoch: trained.bestEpoch,
      steps: trained.steps,
    },
  };
}

/** What else was done in training, where it was asked for. */
function toldOf(
  { accumulate, ema, sampler, regularizers }: TrainSettings,
  { weights }: TargetSpec,
): Readonly<Record<string, unknown>> {
  return {
    ...(accumulate !== undefined && { accumulate }),
    ...(ema !== undefined && { ema }),
    ...(sampler && { sampler: sampler.name }),
    ...(regularizers && { regularizers: regularizers.map(({ name }) => name).join(", ") }),
    ...(weights && { classWeights: weights.map((weight) => Number(weight.toPrecision(6))).join(" ") }),
  };
}

/** Predictions for all samples of a source, in order. */
export async function predictSource(
  engine: Engine,
  headed: Headed,
  head: Head,
  targets: TargetSpec,
  source: SampleSource,
  temperature: number,
  batch: number = 32,
): Promise<unknown[]> {
  const program = await engine.prepare(predictionGraph(headed, head, temperature));
  const predictions = new Array<unknown>(source.length);
  try {
    for (const wanted of plainBatches(source, batch)) {
      const found = head.decode(await program.run(await source.feed(wanted)), targets);
      for (const [i, index] of wanted.indices.entries()) predictions[index] = found[i];
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
