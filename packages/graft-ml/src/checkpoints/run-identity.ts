import { createHash } from "node:crypto";
import { type Engine, type FreezingPlan, toNumbers, type Value } from "@graft-ml/core";
import { describeAugmentations } from "@graft-ml/data";
import { graphBuilder, writeModel } from "@graft-ml/graph";
import {
  type Optimizer,
  type Regularizer,
  type Schedule,
  sampleLosses,
  stepBindings,
  trainingStep,
} from "@graft-ml/trainers";
import manifest from "../../package.json" with { type: "json" };
import { type FitTask, type TrainSettings, untrained } from "../fit-head.ts";
import type { AugmentationOptions } from "../pictures/views.ts";

/** Name of the batch that fits into memory, which is not always the one that is asked for. */
export const FITTING_BATCH: string = "batch that fits into memory";

/** What has to be equal for a run to go on from another's checkpoint, by the names that a refusal uses. */
export type RunIdentity = Readonly<Record<string, string | number>>;

/** Settings of each phase; all but epochs and rate are the same in all of them. */
export type PhasesSettings = readonly Omit<TrainSettings, "engine" | "validation">[];

/** What is known of a run before its samples are. `cut` is that of the phase that reaches lowest. */
export interface PlannedRun extends Omit<FitTask, "train" | "control"> {
  /** Hash of the data and its split. */
  readonly fingerprint: string;
  readonly plan: FreezingPlan;
  readonly settings: PhasesSettings;
  /** What solves the head, where a phase does that. */
  readonly solver?: string;
  /** How training samples are varied. */
  readonly augmentation?: AugmentationOptions;
  /** Who is learned from beside the labels. */
  readonly teacher?: string;
}

/** Describes a run as far as it is known before anything is computed. Plugins are told by name and, after #, by what they do. */
export function plannedIdentity({
  fingerprint,
  plan,
  settings,
  solver,
  augmentation,
  teacher,
  ...task
}: PlannedRun): RunIdentity {
  const { backbone, seed, head, targets } = task;
  const { optimizer, batch, patience, clipNorm, mixing, accumulate, ema, sampler, regularizers } = settings.at(-1)!;
  const headed = untrained(task);
  const g = graphBuilder(headed.graph, { batch });
  const { losses, weights } = sampleLosses(g, { headed, head, targets }, batch);
  const loss = writeModel(g.finish(weights === undefined ? [losses] : [losses, weights]));
  return {
    "version of Graft": manifest.version,
    // The seed draws the split, which is part of the data's fingerprint.
    seed,
    data: tagged("data", fingerprint),
    backbone: tagged(backbone.card.id, backbone.card.sha256),
    freezing: tagged(plan.strategy, JSON.stringify(plan)),
    epochs: listed(settings.map(({ epochs }) => epochs)),
    batch,
    "learning rate": listed(settings.map(({ rate }) => rate)),
    patience,
    "clipping norm": clipNorm ?? "none",
    augmentation: varied(augmentation),
    teacher: teacher ?? "none",
    mixing: mixing === undefined ? "none" : tagged(mixing.name, JSON.stringify(mixing.options)),
    "accumulated batches": accumulate ?? 1,
    "averaging decay": ema ?? "none",
    sampler: sampler?.name ?? "none",
    ...(solver !== undefined && { solver }),
    optimizer: tagged(optimizer.name, ...rule(optimizer)),
    regularizers: regularizers === undefined ? "none" : terms(task, settings.at(-1)!, regularizers),
    // Seed, batch and backbone are in this graph, too: they are compared before it.
    head: tagged(head.name, loss),
  };
}

/** What the samples and the chosen engine add to it: two runs that are equal in both train the same. */
export function samplesIdentity(
  samples: { readonly train: number; readonly validation: number; readonly paddings?: readonly number[] },
  settings: PhasesSettings,
  batch: number,
  engine: Engine,
): RunIdentity {
  const steps = (epochs: number): number => epochs * Math.ceil(samples.train / batch);
  return {
    [FITTING_BATCH]: batch,
    "number of training samples": samples.train,
    "number of held-out samples": samples.validation,
    ...(samples.paddings && { "lengths that batches are padded to": listed(samples.paddings) }),
    engine: engine.name,
    schedule: tagged("schedule", ...settings.map(({ schedule, epochs }) => course(schedule, steps(epochs)))),
  };
}

const SAME_NAME: Readonly<Record<string, string>> = {
  data: "its samples, classes or split are others",
  backbone: "its backbone has other weights",
  schedule: "its learning rates rise and fall in another way",
};

/** The first difference of two runs as half a sentence, or nothing: `its seed is 3, this run's 4`. */
export function difference(its: RunIdentity, ours: RunIdentity, but: readonly string[] = []): string | undefined {
  const name = Object.keys(ours).find((key) => !but.includes(key) && its[key] !== ours[key]);
  if (name === undefined) return undefined;
  const [a, b] = [its[name], ours[name]].map((value) => (value === undefined ? "unknown" : String(value)));
  // Equal names: what comes after tells a reader nothing.
  if (a!.includes("#") && a!.split("#")[0] === b!.split("#")[0])
    return SAME_NAME[name] ?? `its ${name} has other options`;
  return `its ${name} is ${a!.split("#")[0]}, this run's ${b!.split("#")[0]}`;
}

function varied({ augmentation = [], views }: AugmentationOptions = {}): string {
  if (augmentation.length === 0) return "none";
  const names = augmentation.map(({ name }) => name).join(" + ");
  return tagged(names, describeAugmentations(augmentation), String(views ?? ""));
}

/** Several values as one. */
function listed(values: readonly number[]): string | number {
  return values.length === 1 ? values[0]! : values.join(", ");
}

function tagged(name: string, ...content: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of content) hash.update(part);
  return `${name}#${hash.digest("hex").slice(0, 16)}`;
}

/** An optimizer's update rule as bytes: its fragment on a matrix and on a vector, and what it is fed. */
function rule(optimizer: Optimizer): (string | Uint8Array)[] {
  const g = graphBuilder();
  const scalars = Object.fromEntries(
    Object.keys(optimizer.scalars(1)).map((key) => [key, g.input(key, "float32", [])]),
  );
  const outputs = [[2, 2], [2]].flatMap((dims): Value[] => {
    const variable = (name: string): Value => g.input(`${name}/${dims.length}`, "float32", dims);
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, variable(`slot/${slot}`)]));
    const rate = g.input(`rate/${dims.length}`, "float32", []);
    const input = { parameter: variable("parameter"), gradient: variable("gradient"), slots, rate, scalars };
    const next = optimizer.update({ ...input, decays: dims.length > 1 }, g);
    return [next.parameter, ...Object.values(next.slots)];
  });
  const fed = [1, 2, 1000].map((step) =>
    Object.values(optimizer.scalars(step)).map((value) => Array.from(toNumbers(value))),
  );
  return [writeModel(g.finish(outputs)), JSON.stringify(fed)];
}

/** Regularisers by name, and the step that they are part of as bytes. */
function terms(
  { cut, head, targets, ...task }: Omit<FitTask, "train" | "control">,
  settings: PhasesSettings[number],
  regularizers: readonly Regularizer[],
): string {
  const headed = untrained({ cut, head, targets, ...task });
  // Any length of sequences tells one step from another.
  const bindings = stepBindings(headed.graph, settings.batch, 8);
  const step = trainingStep({ ...settings, headed, head, targets, rates: cut.rates, bindings });
  return tagged(regularizers.map(({ name }) => name).join(" + "), writeModel(step.graph));
}

/** A schedule's multiples over a run, at a thousand places at most. */
function course(schedule: Schedule, steps: number): string {
  const every = Math.max(1, Math.floor(steps / 1000));
  const at = Array.from({ length: Math.ceil(steps / every) }, (_, i) => schedule.multiple(i * every, steps));
  return JSON.stringify(at);
}
