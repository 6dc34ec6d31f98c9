import { fail, float32, seededRandom, type TargetSpec, type Tensor } from "@graft-ml/core";

/** A tiny task that a head can learn: features `[samples, ...]` with a target each. */
export interface HeadProblem<Target = unknown> {
  readonly features: Tensor;
  readonly targets: readonly Target[];
  readonly spec: TargetSpec;
}

/** Three well separated classes of 4 samples each, in 8 dimensions. */
export function classificationProblem(): HeadProblem<number> {
  const [samples, width, classes] = [12, 8, 3];
  const random = seededRandom("testing/classification");
  const targets = Array.from({ length: samples }, (_, i) => i % classes);
  const values = targets.flatMap((target) =>
    Array.from({ length: width }, (_, j) => 0.3 * random.normal() + (j % classes === target ? 1.5 : 0)),
  );
  return { features: float32([samples, width], values), targets, spec: { classes: ["ash", "beech", "cedar"] } };
}

/** The problem that the kit has for a task. */
export function problemFor(task: string): HeadProblem<number> {
  if (task === "classification") return classificationProblem();
  throw fail(
    "testing",
    `the kit has no samples for the task "${task}"; give them as { samples: { features, targets, spec } }`,
  );
}

/** The problem with only its first samples. */
export function firstSamples<Target>(problem: HeadProblem<Target>, count: number): HeadProblem<Target> {
  const each = problem.features.data.length / problem.targets.length;
  const data = problem.features.data.slice(0, count * each) as Tensor["data"];
  return {
    ...problem,
    features: { ...problem.features, dims: [count, ...problem.features.dims.slice(1)], data },
    targets: problem.targets.slice(0, count),
  };
}

/** The problem with its first sample repeated at the end, as a trainer pads a last batch. */
export function paddedSamples<Target>(problem: HeadProblem<Target>, extra: number): HeadProblem<Target> {
  const { features, targets } = problem;
  const [samples, ...dims] = features.dims as [number, ...number[]];
  const each = features.data.length / samples;
  const values = new Float32Array((samples + extra) * each);
  values.set(features.data as Float32Array);
  for (let i = 0; i < extra; i++) values.set((features.data as Float32Array).subarray(0, each), (samples + i) * each);
  return {
    ...problem,
    features: float32([samples + extra, ...dims], values),
    targets: [...targets, ...Array.from({ length: extra }, () => targets[0]!)],
  };
}
