import type { Engine, Graph, Program, Tensors } from "@graft-ml/core";
import type { SampleSource } from "./batches.ts";
import type { TrainOptions } from "./train.ts";
import { LOSS, type TrainingStep, type TrainingStepSpec, trainingStep } from "./training-step.ts";

/** Numbers for the named dimensions of a graph's inputs: the first of an input is the batch, any other the length of its sequences. */
export function stepBindings(graph: Graph, batch: number, tokens?: number): Record<string, number> {
  const named = (wanted: (axis: number) => boolean): string[] =>
    graph.inputs.flatMap(({ dims }) => dims.filter((dim, axis) => typeof dim === "string" && wanted(axis))) as string[];
  return {
    ...(tokens !== undefined && Object.fromEntries(named((axis) => axis > 0).map((name) => [name, tokens]))),
    ...Object.fromEntries(named((axis) => axis === 0).map((name) => [name, batch])),
  };
}

/** What the steps of a training are made of; the batch is yet to be said. */
export interface StepSpec extends Omit<TrainingStepSpec, "batch"> {
  readonly data: Pick<SampleSource, "paddings">;
}

/** A step of a training; where samples are sequences, of those padded to `tokens`: the longest, unless said otherwise. */
export function stepOf(
  options: StepSpec,
  batch: number,
  tokens: number | undefined = options.data.paddings?.at(-1),
): TrainingStep {
  const bindings = { ...stepBindings(options.headed.graph, batch, tokens), ...options.bindings };
  return trainingStep({ ...options, batch, bindings });
}

/** A training's programs, all over the same values: one, or where samples are sequences one for each length that they are padded to. */
export interface StepPrograms {
  /** Runs a step on samples padded to `tokens`; returns the loss before its update. */
  run(tokens: number | undefined, feed: Tensors): Promise<number>;
  state(): Promise<Tensors>;
  release(): Promise<void>;
}

/** Prepares the program of `step`, which is that of the longest sequences, and others when they are first needed. */
export async function stepPrograms<Target>(
  options: StepSpec & Pick<TrainOptions<Target>, "engine" | "threads" | "data">,
  batch: number,
  step: TrainingStep,
  initial: Tensors,
): Promise<StepPrograms> {
  const { engine, data } = options;
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  // The longest come first: what does not fit into memory fails before anything is trained.
  const first = await engine.prepare(step.graph, { carry: step.carry, initial, ...threads });
  const programs = new Map<number | undefined, Program>([[data.paddings?.at(-1), first]]);
  return {
    async run(tokens, feed) {
      let program = programs.get(tokens);
      if (program === undefined) {
        const { graph, carry } = stepOf(options, batch, tokens);
        program = await engine.prepare(graph, { carry, shares: first, ...threads });
        programs.set(tokens, program);
      }
      return Number((await program.run(feed, [LOSS]))[LOSS]!.data[0]);
    },
    state: () => first.state(),
    async release() {
      for (const program of programs.values()) await program.release();
    },
  };
}

/** Bytes by which the programs of a training will make the process grow, predicted from shapes. */
export function trainingMemory(engine: Engine, spec: StepSpec, batch: number): number {
  const paddings = spec.data.paddings ?? [undefined];
  return paddings.reduce((sum: number, tokens, i) => {
    const { graph, carry, initial } = stepOf(spec, batch, tokens);
    // The values that all of them share are counted once.
    return sum + engine.predictMemory(graph, {}, i === 0 ? { carry, initial } : { carry });
  }, 0);
}
