import { type Head, type Preprocessing, seededRandom } from "@graft-ml/core";
import { frozen } from "@graft-ml/freezing";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { type RateTest, findRate as rangeTest } from "@graft-ml/trainers";
import { chooseEngine } from "./choose-engine.ts";
import { classWeights } from "./class-weights.ts";
import { untrained } from "./fit-head.ts";
import { fittingBatch } from "./fitting-batch.ts";
import { informRegularizers } from "./inform-regularizers.ts";
import { planContext } from "./measuring/plan-context.ts";
import { planPhases } from "./plans/plan-phases.ts";
import { openSubject } from "./subject.ts";
import { trainSettings } from "./training-run.ts";
import { refuseQuantized, type TransferOptions } from "./transfer.ts";

/** A transfer whose learning rate is not known yet, and the rates to try. */
export interface FindRateOptions extends Omit<TransferOptions, "rate" | "checkpoint" | "resume"> {
  /** Default: 1e-7. */
  readonly lowest?: number;
  /** Default: 10. */
  readonly highest?: number;
  /** Batches, each at a higher rate. Default: 100. */
  readonly steps?: number;
}

/** How the loss went while the rate rose, and what was trained for it. */
export interface FoundRate extends RateTest {
  readonly backbone: string;
  readonly freezing: string;
  readonly head: string;
  readonly engine: string;
  readonly batch: number;
}

/**
 * Smith's learning rate range test (2017) for a transfer: the phase that trains most, on the samples that the transfer would train on,
 * at rising rates until the loss diverges. Nothing of it is kept; a transfer afterwards is the same as without it.
 */
export async function findRate({ lowest, highest, steps, ...options }: FindRateOptions): Promise<FoundRate> {
  const { seed = 0, freezing = frozen(), head = linear() as Head, control, engine = "auto", epochs } = options;
  const subject = await openSubject(options);
  const { dataset, backbone, supply } = subject;
  const weights = options.classWeights === undefined ? undefined : classWeights(options.classWeights, dataset);
  const targets = { classes: dataset.classes, ...(weights && { weights }) };
  head.check({ dims: [backbone.card.numFeatures] }, targets);
  const plan = freezing.plan(backbone.groups, await planContext(freezing, options, subject, head, targets));
  refuseQuantized(subject, plan);
  const asked = epochs === undefined ? {} : { epochs };
  const { adapted, phases, deepest } = planPhases<Preprocessing>(backbone, plan, { head, seed, ...asked, steps: true });
  const phase = phases[deepest]!;
  const { train } = await supply.at(phase.cut.boundary);
  const task = { backbone: adapted.backbone, cut: phase.cut, head, targets, train, seed, ...(control && { control }) };
  const judge = await openEngine(engine === "auto" ? "onnxruntime" : engine);
  const informed = await informRegularizers(options, subject, head, targets);
  const settings = trainSettings({ ...options, ...informed }, phase);
  const batch = fittingBatch(judge, task, settings);
  const chosen = await chooseEngine(engine, task, { ...settings, batch });
  const found = await rangeTest({
    ...settings,
    batch,
    engine: chosen,
    headed: untrained(task),
    head,
    targets,
    rates: phase.cut.rates,
    data: train,
    // A stream of its own: the test draws other batches than the training will.
    seed: seededRandom(seed)
      .fork("find-rate")
      .integer(2 ** 31),
    ...(lowest !== undefined && { lowest }),
    ...(highest !== undefined && { highest }),
    ...(steps !== undefined && { steps }),
    ...(control && { control }),
  });
  return {
    backbone: backbone.card.id,
    freezing: plan.strategy,
    head: head.name,
    engine: chosen.name,
    batch,
    ...found,
  };
}
