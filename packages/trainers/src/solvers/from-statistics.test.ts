import { seededRandom } from "@graft-ml/core";
import { describe, expect, test } from "vitest";
import { featureStatistics, mergeStatistics, subtractStatistics } from "./feature-statistics.ts";
import { ldaFromStatistics, ridgeFromStatistics } from "./from-statistics.ts";
import { fitLda } from "./lda.ts";
import { fitRidge } from "./ridge.ts";

const [DIMS, CLASSES, COUNT] = [6, 3, 40];
const random = seededRandom(4);
const labels = Int32Array.from({ length: COUNT }, (_, i) => (i * 7) % CLASSES);
const features = Float32Array.from(
  { length: COUNT * DIMS },
  (_, o) => 5 + random.normal() + labels[Math.floor(o / DIMS)]! * ((o % DIMS) - 2),
);
const part = (from: number, to: number) => {
  const sums = featureStatistics(DIMS, CLASSES);
  sums.add(features.subarray(from * DIMS, to * DIMS), labels.subarray(from, to));
  return sums;
};

function expectSame(
  a: { weight: Float32Array; bias: Float32Array },
  b: { weight: Float32Array; bias: Float32Array },
): void {
  for (const key of ["weight", "bias"] as const) {
    for (const [i, value] of a[key].entries()) expect(value).toBeCloseTo(b[key][i]!, 4);
  }
}

describe("one pass over the features is enough", () => {
  // Half of the samples came in one stream, half in another; a third was added and taken away again.
  const merged = mergeStatistics(part(0, 20), part(20, COUNT));
  const sums = subtractStatistics(mergeStatistics(merged, part(5, 15)), part(5, 15));

  test.each([0.01, 1, 100])("ridge at λ = %d equals the fit on the data", (lambda) => {
    expectSame(ridgeFromStatistics(sums, lambda), fitRidge(features, labels, CLASSES, { grid: [lambda] }));
  });

  test.each([0.01, 0.5, 1])("discriminant analysis at shrinkage %d equals the fit on the data", (shrinkage) => {
    expectSame(ldaFromStatistics(sums, shrinkage), fitLda(features, labels, CLASSES, { shrinkage }));
  });

  test("a fold by subtraction equals a fit without it", () => {
    const rest = subtractStatistics(sums, part(30, COUNT));
    const data = fitRidge(features.subarray(0, 30 * DIMS), labels.subarray(0, 30), CLASSES, { grid: [2] });
    expectSame(ridgeFromStatistics(rest, 2), data);
  });

  test("wrong penalties are refused", () => {
    expect(() => ridgeFromStatistics(sums, 0)).toThrow(
      "[trainers/from-statistics] expected lambda to be above 0; received 0",
    );
    expect(() => ldaFromStatistics(sums, 2)).toThrow(
      "[trainers/from-statistics] expected shrinkage to be above 0 and at most 1; received 2",
    );
  });
});
