import { seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import {
  type FeatureSums,
  featureStatistics,
  mergeStatistics,
  statisticsFromJson,
  subtractStatistics,
} from "./feature-statistics.ts";
import { betweenScatter, classMeans, featureMean, featureVariance, totalScatter, withinScatter } from "./scatter.ts";

const [count, dims, classes] = [30, 4, 3];
const random = seededRandom(2);
const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
// Far from zero: sums of raw squares would lose nine digits.
const features = Float32Array.from(
  { length: count * dims },
  (_, o) => 3000 + labels[Math.floor(o / dims)]! + random.normal(),
);

function of(from: number, to: number): ReturnType<typeof featureStatistics> {
  const stats = featureStatistics(dims, classes);
  stats.add(features.subarray(from * dims, to * dims), labels.subarray(from, to));
  return stats;
}

function expectSame(a: FeatureSums, b: FeatureSums): void {
  expect(a.count).toBe(b.count);
  expect(a.classCounts).toEqual(b.classCounts);
  for (const view of [featureMean, classMeans, featureVariance, withinScatter, betweenScatter]) {
    const [actual, expected] = [view(a), view(b)];
    for (let i = 0; i < expected.length; i++) expect(actual[i]! / expected[i]!).toBeCloseTo(1, 7);
  }
}

describe("feature statistics", () => {
  const whole = of(0, count);
  it("equal means and variances by definition", () => {
    const column = Array.from({ length: count }, (_, i) => features[i * dims + 2]!);
    const mean = column.reduce((a, b) => a + b) / count;
    expect(featureMean(whole)[2]).toBeCloseTo(mean, 10);
    expect(featureVariance(whole)[2]).toBeCloseTo(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count, 10);
    const own = column.filter((_, i) => labels[i] === 1);
    expect(classMeans(whole)[dims + 2]).toBeCloseTo(own.reduce((a, b) => a + b) / own.length, 10);
  });
  it("split the total scatter into within and between", () => {
    const [total, within, between] = [totalScatter(whole), withinScatter(whole), betweenScatter(whole)];
    total.forEach((value, i) => {
      expect(within[i]! + between[i]!).toBeCloseTo(value, 8);
    });
  });
  it("are the same in batches, merged, or with a part taken away", () => {
    const batches = of(0, 7);
    batches.add(features.subarray(7 * dims), labels.subarray(7));
    expectSame(batches, whole);
    expectSame(mergeStatistics(of(0, 11), of(11, count)), whole);
    expectSame(mergeStatistics(featureStatistics(dims, classes), whole), whole);
    expectSame(subtractStatistics(whole, of(0, 11)), of(11, count));
  });
  it("survive JSON", () => {
    const back = statisticsFromJson(JSON.parse(JSON.stringify(whole)));
    expectSame(back, whole);
    expect(back.gram).toEqual(whole.gram);
  });
  it("refuse what does not fit", () => {
    const message = (run: () => unknown): string => {
      try {
        run();
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message(() => featureStatistics(0, 2))).toBe(
      "[trainers/feature-statistics] expected dims to be a positive integer; received 0",
    );
    expect(message(() => whole.add(new Float32Array(5), [0]))).toBe(
      "[trainers/feature-statistics] expected 1 samples of 4 features; received 5 numbers",
    );
    expect(message(() => whole.add(Float32Array.of(1, 2, Number.NaN, 4), [0]))).toBe(
      "[trainers/feature-statistics] expected finite features; received NaN in feature 2 of sample 0",
    );
    expect(message(() => subtractStatistics(of(0, 3), whole))).toBe(
      "[trainers/feature-statistics] expected to subtract a part; received 30 samples to take from 3",
    );
    expect(message(() => mergeStatistics(whole, featureStatistics(2, 3)))).toBe(
      "[trainers/feature-statistics] expected statistics of 4 features and 3 classes; received 2 and 3",
    );
  });
});
