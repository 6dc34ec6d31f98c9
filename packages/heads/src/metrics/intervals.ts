import { fail, type Random } from "@graft-ml/core";

/** Lower and upper end. */
export type Interval = readonly [number, number];

/** The 97.5 % point of the standard normal distribution, for intervals of 95 %. */
const Z95 = 1.959963984540054;

/**
 * Wilson's (1927) score interval for a share, `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`: unlike `p ± z s` it keeps
 * to [0, 1] and holds its coverage for small samples. Default `z`: 95 %.
 */
export function wilsonInterval(successes: number, count: number, z: number = Z95): Interval {
  if (!(Number.isInteger(count) && count > 0 && successes >= 0 && successes <= count)) {
    throw fail(
      "heads/intervals",
      `expected 0 to n successes among n ≥ 1 samples; received ${successes} among ${count}`,
    );
  }
  const p = successes / count;
  const square = (z * z) / count;
  const centre = (p + square / 2) / (1 + square);
  const half = (Math.sqrt((p * (1 - p)) / count + square / (4 * count)) * z) / (1 + square);
  return [successes === 0 ? 0 : centre - half, successes === count ? 1 : centre + half];
}

/** How a bootstrap interval is drawn. */
export interface BootstrapOptions {
  /** Coverage. Default: 0.95. */
  readonly level?: number;
  /** Default: 1000. */
  readonly resamples?: number;
}

/**
 * Percentile bootstrap (Efron & Tibshirani 1993, section 13.3): the statistic is computed on samples drawn with replacement,
 * given as sample numbers, and the middle `level` of its values is the interval. Right for macro-F1; a calibration
 * error is biased upwards by resampling, so its interval may start above the estimate.
 */
export function bootstrapInterval(
  count: number,
  statistic: (rows: Int32Array) => number,
  random: Random,
  { level = 0.95, resamples = 1000 }: BootstrapOptions = {},
): Interval {
  if (!(Number.isInteger(count) && count > 0))
    throw fail("heads/intervals", `expected at least 1 sample; received ${count}`);
  const rows = new Int32Array(count);
  const values = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < count; i++) rows[i] = random.integer(count);
    values[r] = statistic(rows);
  }
  values.sort();
  return [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)];
}

/** Linear between neighbours (Hyndman & Fan 1996, type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
