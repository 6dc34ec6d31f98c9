import { createHash } from "node:crypto";
import { type FreezingPlan, toNumbers, type Value } from "@graft-ml/core";
import type { ImageDataset } from "@graft-ml/data";
import { graphBuilder, writeModel } from "@graft-ml/graph";
import { type Optimizer, type Schedule, sampleLosses } from "@graft-ml/trainers";
import manifest from "../package.json" with { type: "json" };
import { type FitTask, type TrainSettings, untrained } from "./fit-head.ts";

/** Name of the batch that fits into memory, which is not always the one that is asked for. */
export const FITTING_BATCH: string = "batch that fits into memory";

/** What has to be equal for a run to go on from another's checkpoint, by the names that a refusal uses. */
export type RunIdentity = Readonly<Record<string, string | number>>;

/** What is known of a run before its samples are. */
export interface PlannedRun extends Omit<FitTask, "train" | "control"> {
  readonly dataset: ImageDataset;
  readonly plan: FreezingPlan;
  readonly settings: Omit<TrainSettings, "engine" | "validation">;
}

/** Describes a run as far as it is known before anything is computed. Plugins are told by name and, after #, by what they do. */
export function plannedIdentity({ dataset, plan, settings, ...task }: PlannedRun): RunIdentity {
  const { backbone, seed, head, targets } = task;
  const { optimizer, epochs, batch, rate, patience, clipNorm } = settings;
  const headed = untrained(task);
  const g = graphBuilder(headed.graph, { batch });
  const loss = writeModel(g.finish([sampleLosses(g, { headed, head, targets }, batch)]));
  return {
    "version of Graft": manifest.version,
    // The seed draws the split, which is part of the data's fingerprint.
    seed,
    data: tagged("data", dataset.fingerprint),
    backbone: tagged(backbone.card.id, backbone.card.sha256),
    freezing: tagged(plan.strategy, JSON.stringify(plan)),
    epochs,
    batch,
    "learning rate": rate,
    patience,
    "clipping norm": clipNorm ?? "none",
    optimizer: tagged(optimizer.name, ...rule(optimizer)),
    // Seed, batch and backbone are in this graph, too: they are compared before it.
    head: tagged(head.name, loss),
  };
}

/** What the samples and the chosen engine add to it: two runs that are equal in both train the same. */
export function samplesIdentity(task: FitTask, settings: TrainSettings): RunIdentity {
  const { engine, schedule, epochs, batch, validation } = settings;
  const { length } = task.train;
  return {
    [FITTING_BATCH]: batch,
    "number of training samples": length,
    "number of held-out samples": validation?.length ?? 0,
    engine: engine.name,
    schedule: tagged("schedule", course(schedule, epochs * Math.ceil(length / batch))),
  };
}

const SAME_NAME: Readonly<Record<string, string>> = {
  data: "its pictures, classes or split are others",
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

/** A schedule's multiples over a run, at a thousand places at most. */
function course(schedule: Schedule, steps: number): string {
  const every = Math.max(1, Math.floor(steps / 1000));
  const at = Array.from({ length: Math.ceil(steps / every) }, (_, i) => schedule(i * every, steps));
  return JSON.stringify(at);
}
