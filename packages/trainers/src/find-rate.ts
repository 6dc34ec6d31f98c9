import { checkInterrupted, fail, seededRandom } from "@graft-ml/core";
import { padded, type SampleBatch, trainedBatches } from "./batches.ts";
import { breather } from "./solvers/breather.ts";
import { stepFeed } from "./step-feed.ts";
import { stepOf, stepPrograms } from "./step-programs.ts";
import { type RateSuggestion, smoothed, suggestRates } from "./suggest-rates.ts";
import type { TrainOptions } from "./train.ts";

/** What is tried: a training without its rate, and the rates. */
export interface FindRateOptions<Target>
  extends Omit<
    TrainOptions<Target>,
    "rate" | "schedule" | "epochs" | "patience" | "validation" | "resume" | "onCheckpoint"
  > {
  /** Default: 1e-7. */
  readonly lowest?: number;
  /** Default: 10. */
  readonly highest?: number;
  /** Batches, each at a higher rate. Default: 100. */
  readonly steps?: number;
}

/** How the loss went while the rate rose. */
export interface RateTest extends RateSuggestion {
  readonly rates: readonly number[];
  /** Loss of each batch, before its update. */
  readonly losses: readonly number[];
  /** The same with its noise smoothed out. */
  readonly smoothed: readonly number[];
  /** Whether the loss grew to four times its lowest, which ends the test early. */
  readonly diverged: boolean;
}

const WHERE = "trainers/find-rate";
/** The loss has diverged when it is this many times its lowest. */
const DIVERGED = 4;

/**
 * Smith's learning rate range test (2017, section 3.3): one batch after the other at exponentially rising rates, until the loss
 * diverges. It works on values of its own: model, optimizer and random streams of a training afterwards are those of one without it.
 * Mixing, accumulation and averaging are left out.
 */
export async function findRate<Target>(options: FindRateOptions<Target>): Promise<RateTest> {
  const { lowest = 1e-7, highest = 10, steps = 100, mixing: _, accumulate: __, ema: ___, ...plain } = options;
  const { data, control } = plain;
  if (!(lowest > 0 && highest > lowest && Number.isFinite(highest))) {
    throw fail(WHERE, `expected rates with 0 < lowest < highest; received ${lowest} and ${highest}`);
  }
  if (!Number.isSafeInteger(steps) || steps < 10) {
    throw fail(WHERE, `expected steps to be an integer of at least 10; received ${steps}`);
  }
  if (data.length === 0) throw fail(WHERE, "expected at least one training sample; received none");
  const batch = Math.min(plain.batch, data.length);
  const step = stepOf(plain, batch);
  const programs = await stepPrograms(plain, batch, step, step.initial);
  const random = seededRandom(plain.seed).fork("find-rate");
  const rates: number[] = [];
  const losses: number[] = [];
  const pause = breather();
  let diverged = false;
  let waiting: readonly SampleBatch[] = [];
  control?.onEvent?.({ type: "stage", stage: "find-rate", total: steps });
  try {
    for (let i = 0; i < steps && !diverged; i++) {
      await pause();
      checkInterrupted(control?.signal, WHERE);
      if (waiting.length === 0) waiting = trainedBatches(data, batch, random, plain.normalization, plain.sampler);
      const [wanted, ...rest] = waiting as readonly [SampleBatch, ...SampleBatch[]];
      waiting = rest;
      const full = padded(wanted, batch);
      const rate = lowest * (highest / lowest) ** (i / (steps - 1));
      const loss = await programs.run(
        wanted.tokens,
        stepFeed(plain, {
          inputs: await data.feed(full),
          targets: full.indices.map((index) => data.targets[index]!),
          weights: full.indices.map((_, k) => Number(k < wanted.indices.length)),
          rate,
          step: i + 1,
        }),
      );
      diverged = !Number.isFinite(loss);
      if (diverged) break;
      rates.push(rate);
      losses.push(loss);
      const smooth = smoothed(losses);
      diverged = i > 0 && smooth.at(-1)! > DIVERGED * Math.min(...smooth);
      control?.onEvent?.({ type: "progress", stage: "find-rate", done: i + 1, total: steps });
    }
  } finally {
    await programs.release();
  }
  return { rates, losses, smoothed: smoothed(losses), diverged, ...suggestRates(rates, losses) };
}
