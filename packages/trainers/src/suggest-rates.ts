import { fail } from "@graft-ml/core";

/** Rates to train with. */
export interface RateSuggestion {
  /** Where the smoothed loss falls fastest by the logarithm of the rate, over a tenth of the test: less would follow its noise. */
  readonly steepest: number;
  /** A tenth of the rate with the lowest smoothed loss, or `steepest` where that is lower. */
  readonly safe: number;
}

/** How much of the mean of earlier losses stays. */
const MEMORY = 0.98;
/** Losses at the start that say little yet, and at the end that are about to diverge. */
const [AT_START, AT_END] = [10, 1];

/** Exponential moving average without its bias towards the start, as Lightning and fastai smooth the losses of a range test. */
export function smoothed(losses: readonly number[]): number[] {
  let mean = 0;
  return losses.map((loss, i) => {
    mean = MEMORY * mean + (1 - MEMORY) * loss;
    return mean / (1 - MEMORY ** (i + 1));
  });
}

/** What the losses at exponentially rising rates suggest. */
export function suggestRates(rates: readonly number[], losses: readonly number[]): RateSuggestion {
  const smooth = smoothed(losses);
  const last = smooth.length - AT_END;
  const first = Math.min(AT_START, Math.floor(smooth.length / 3));
  if (last - first < 3) {
    throw fail(
      "trainers/find-rate",
      `the loss diverged after ${losses.length} steps, before a rate could be judged; start at a lower rate`,
    );
  }
  const reach = Math.max(1, Math.round(smooth.length / 20));
  // Rates are evenly spaced by their logarithms, so that places do for them.
  const slope = (i: number): number => {
    const [before, after] = [Math.max(first, i - reach), Math.min(last - 1, i + reach)];
    return (smooth[after]! - smooth[before]!) / (after - before);
  };
  let steepest = first;
  let lowest = first;
  for (let i = first; i < last; i++) {
    if (slope(i) < slope(steepest)) steepest = i;
    if (smooth[i]! < smooth[lowest]!) lowest = i;
  }
  return { steepest: rates[steepest]!, safe: Math.min(rates[lowest]! / 10, rates[steepest]!) };
}
