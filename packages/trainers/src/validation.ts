import type { Program, Tensors } from "@graft-ml/core";
import { asInputs, dropIdentities, foldBatchNorm, graphBuilder } from "@graft-ml/graph";
import { padded, plainBatches, type SampleSource } from "./batches.ts";
import { sampleLosses } from "./sample-losses.ts";
import { stepBindings } from "./step-programs.ts";
import type { TrainOptions } from "./train.ts";

const EACH = "sample_loss";
/** What each sample counts in the mean, where classes have weights. */
const COUNTS = "sample_counts";

/** A program that gives each sample's loss, with the trained values fed as inputs and statistics fixed. */
export async function lossProgram<Target>(
  options: TrainOptions<Target>,
  variables: readonly string[],
  batch: number,
): Promise<Program> {
  const { headed, head, targets, engine } = options;
  const model = foldBatchNorm(dropIdentities(headed.graph), new Set(variables));
  const g = graphBuilder(asInputs(model, variables), { batch, ...stepBindings(headed.graph, batch) });
  const { losses, weights } = sampleLosses(g, { headed, head, targets }, batch);
  const outputs = [g.name(losses, EACH), ...(weights === undefined ? [] : [g.name(weights, COUNTS)])];
  return engine.prepare(g.finish(outputs), options.threads === undefined ? {} : { threads: options.threads });
}

/** Mean loss over a source with the given values of the variables. */
export async function meanLoss<Target>(
  program: Program,
  { head, targets }: TrainOptions<Target>,
  source: SampleSource<Target>,
  variables: Tensors,
  batch: number,
): Promise<number> {
  let total = 0;
  let counted = 0;
  for (const wanted of plainBatches(source, batch)) {
    const full = padded(wanted, batch);
    const results = await program.run({
      ...variables,
      ...(await source.feed(full)),
      ...head.encode(
        full.indices.map((index) => source.targets[index]!),
        targets,
      ),
    });
    const losses = results[EACH]!.data as Float32Array;
    const counts = results[COUNTS]?.data as Float32Array | undefined;
    for (let i = 0; i < wanted.indices.length; i++) {
      const count = counts?.[i] ?? 1;
      total += count * losses[i]!;
      counted += count;
    }
  }
  return total / counted;
}
