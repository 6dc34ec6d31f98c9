import {
  type Backbone,
  checkInterrupted,
  type Engine,
  type GroupMeasure,
  type Head,
  type Preprocessing,
  type RunControl,
  seededRandom,
  type TargetSpec,
} from "@graft-ml/core";
import { fitRidge, type SampleSource, subset } from "@graft-ml/trainers";
import { pooledFeatures } from "./group-features.ts";
import { measureGradients } from "./group-gradients.ts";
import { groupWork } from "./group-work.ts";

/** How layer groups are measured. */
export interface MeasureOptions {
  readonly engine: Engine;
  readonly seed: number;
  /** Samples that are looked at, at least four a class. Default: 128. */
  readonly samples?: number;
  readonly control?: RunControl;
}

const SAMPLES = 128;
/** Samples of each class, where there are so many. */
const EACH = 4;

/**
 * Measures every layer group on some of the training samples, which come as the backbone's input takes them: one pass gives the pooled values
 * at all boundaries, and each of those a linear probe with exact leave-one-out; then a head is fitted to one half of the samples, and the
 * gradients on the other half are compared with the weights (surgical fine-tuning, Lee et al., ICLR 2023). Seconds are for all samples of
 * the source, from what these took: whole passes are timed, and divided among the groups by their arithmetic.
 */
export async function measureGroups(
  backbone: Backbone<Preprocessing>,
  source: SampleSource<number>,
  head: Head,
  targets: TargetSpec,
  options: MeasureOptions,
): Promise<readonly GroupMeasure[]> {
  const { engine, seed, control } = options;
  const { groups } = backbone;
  const count = Math.max(options.samples ?? SAMPLES, EACH * targets.classes.length);
  const chosen = balancedPart(source.targets, count, seed);
  const part = subset(source, chosen);
  control?.onEvent?.({ type: "stage", stage: "measure" });
  const { values, seconds } = await pooledFeatures(backbone, part, engine);
  checkInterrupted(control?.signal, "graft/measure");
  const classes = targets.classes.length;
  const probes = values.map((features) => leaveOneOutAccuracy(features, part.targets, classes));
  checkInterrupted(control?.signal, "graft/measure");
  const gradients = await measureGradients(backbone, part, values.at(-1)!, head, targets, { engine, seed });
  const work = groupWork(backbone.graph, groups);
  const upTo = (count: number): number => work.slice(0, count).reduce((sum, share) => sum + share, 0);
  return groups.map(({ name }, i) => ({
    name,
    probe: probes[i]!,
    gradient: gradients.norms[i]!,
    seconds: {
      pass: i === 0 ? 0 : source.length * (seconds.feed + seconds.forward * upTo(i)),
      epoch: source.length * gradients.seconds * (1 - upTo(i)),
    },
  }));
}

/** Places of at most `count` samples, as many of each class as there are, drawn by the seed and then mixed. */
function balancedPart(targets: readonly number[], count: number, seed: number): number[] {
  const random = seededRandom(seed).fork("measure");
  const byClass = new Map<number, number[]>();
  for (const place of random.shuffle([...targets.keys()])) {
    byClass.set(targets[place]!, [...(byClass.get(targets[place]!) ?? []), place]);
  }
  const chosen: number[] = [];
  const queues = [...byClass.keys()].sort((a, b) => a - b).map((label) => byClass.get(label)!);
  for (let round = 0; chosen.length < Math.min(count, targets.length); round++) {
    for (const queue of queues) if (round < queue.length && chosen.length < count) chosen.push(queue[round]!);
  }
  return chosen;
}

function leaveOneOutAccuracy(features: Float32Array, labels: readonly number[], classes: number): number {
  const { outOfFold } = fitRidge(features, labels, classes);
  const right = labels.filter((label, i) => {
    const row = outOfFold!.subarray(i * classes, (i + 1) * classes);
    return row.every((score) => score <= row[label]!);
  });
  return right.length / labels.length;
}
