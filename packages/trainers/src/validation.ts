import type { Program, Tensors } from "@graft-ml/core";
import { asInputs, dropIdentities, foldBatchNorm, graphBuilder } from "@graft-ml/graph";
import { gatherBatch, type SampleSource } from "./batches.ts";
import { sampleLosses } from "./sample-losses.ts";
import type { TrainOptions } from "./train.ts";

const EACH = "sample_loss";

/** A program that gives each sample's loss, with the trained values fed as inputs and statistics fixed. */
export async function lossProgram<Target>(
  options: TrainOptions<Target>,
  variables: readonly string[],
  batch: number,
): Promise<Program> {
  const { headed, head, targets, engine } = options;
  const model = foldBatchNorm(dropIdentities(headed.graph), new Set(variables));
  const g = graphBuilder(asInputs(model, variables), { batch });
  const each = g.name(sampleLosses(g, { headed, head, targets }, batch), EACH);
  return engine.prepare(g.finish([each]), options.threads === undefined ? {} : { threads: options.threads });
}

/** Mean loss over a source with the given values of the variables. */
export async function meanLoss<Target>(
  program: Program,
  { boundary, head, targets }: TrainOptions<Target>,
  source: SampleSource<Target>,
  variables: Tensors,
  batch: number,
): Promise<number> {
  let total = 0;
  for (let start = 0; start < source.length; start += batch) {
    const indices = Array.from({ length: Math.min(batch, source.length - start) }, (_, i) => start + i);
    const padded = Array.from({ length: batch }, (_, k) => source.targets[indices[k] ?? indices[0]!]!);
    const results = await program.run({
      ...variables,
      [boundary]: await gatherBatch(source, indices, batch),
      ...head.encode(padded, targets),
    });
    const losses = results[EACH]!.data as Float32Array;
    for (let i = 0; i < indices.length; i++) total += losses[i]!;
  }
  return total / source.length;
}
