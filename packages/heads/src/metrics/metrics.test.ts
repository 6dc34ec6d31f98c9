import { seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import golden from "../../golden/metrics.json" with { type: "json" };
import {
  accuracy,
  bootstrapInterval,
  confusion,
  expectedCalibrationError,
  logLoss,
  macroF1,
  perClass,
  temperature,
  topLabels,
  wilsonInterval,
} from "./index.ts";

// Expected values: tools/golden/metrics.py, scikit-learn, scipy and a naive calibration error.
const { inputs, expected, tolerance } = golden;
const { classes, labels, logits } = inputs;

function softmax(scores: readonly number[], t = 1): number[] {
  return scores.map((score, i) => {
    const row = scores.slice(i - (i % classes), i - (i % classes) + classes);
    return 1 / row.reduce((sum, other) => sum + Math.exp((other - score) / t), 0);
  });
}

const probabilities = softmax(logits);
const predictions = topLabels(probabilities, classes);

function close(actual: ArrayLike<number>, wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance.exact);
  });
}

describe("metrics agree with scikit-learn", () => {
  it("labels and counts", () => {
    expect([...predictions]).toEqual(expected.predictions);
    expect([...confusion(predictions, labels, classes)]).toEqual(expected.confusion);
  });
  it("accuracy, macro-F1, log-loss and calibration error", () => {
    close([accuracy(predictions, labels)], [expected.accuracy]);
    close([macroF1(predictions, labels, classes)], [expected.macroF1]);
    close([logLoss(probabilities, labels, classes)], [expected.logLoss]);
    close([expectedCalibrationError(probabilities, labels, classes)], [expected.ece]);
  });
  it("scores of each class", () => {
    const scores = perClass(predictions, labels, classes);
    for (const name of ["precision", "recall", "f1", "support"] as const) {
      close(
        scores.map((one) => one[name]),
        expected[name],
      );
    }
  });
  it("Wilson's interval", () => {
    for (const [successes, count, low, high] of expected.wilson)
      close(wilsonInterval(successes!, count!), [low!, high!]);
  });
});

describe("temperature", () => {
  it("agrees with a bounded scalar search", () => {
    expect(Math.abs(temperature(logits, labels, classes) / expected.temperature - 1)).toBeLessThan(
      tolerance.temperature,
    );
  });
  it("scales with the logits", () => {
    const tripled = logits.map((value) => 3 * value);
    expect(temperature(tripled, labels, classes) / 3).toBeCloseTo(temperature(logits, labels, classes), 10);
  });
  it("stays in its bounds, and at 1 where the logits say nothing", () => {
    expect(temperature([9, 0, 0, 9], [0, 1], 2)).toBe(0.05);
    expect(temperature([9, 0, 0, 9], [1, 0], 2)).toBe(20);
    expect(temperature([2, 2, 2, 2], [1, 0], 2)).toBe(1);
  });
});

describe("expected calibration error", () => {
  it("is zero for probabilities that hold", () => {
    const coin = [0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25];
    expect(expectedCalibrationError(coin, [0, 0, 0, 1], 2)).toBe(0);
  });
});

describe("bootstrap interval", () => {
  const right = (rows: Int32Array): number =>
    rows.reduce((sum, row) => sum + (predictions[row] === labels[row] ? 1 : 0), 0) / rows.length;
  it("repeats with its seed and covers the estimate", () => {
    const draw = (seed: number) => bootstrapInterval(labels.length, right, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)[0]).toBeLessThan(expected.accuracy);
    expect(draw(1)[1]).toBeGreaterThan(expected.accuracy);
  });
  it("is near Wilson's for a share", () => {
    const [low, high] = bootstrapInterval(labels.length, right, seededRandom(3), { resamples: 4000 });
    const [lowest, highest] = wilsonInterval(expected.accuracy * labels.length, labels.length);
    expect(Math.abs(low - lowest)).toBeLessThan(0.03);
    expect(Math.abs(high - highest)).toBeLessThan(0.03);
  });
});

describe("errors", () => {
  it.each([
    [() => accuracy([], []), "[heads/accuracy] expected at least 1 sample; received none"],
    [() => accuracy([1], [1, 0]), "[heads/accuracy] expected 2 values for 2 labels; received 1"],
    [() => confusion([0, 3], [0, 1], 3), "[heads/confusion] expected predictions from 0 to 2; received 3 for sample 1"],
    [() => logLoss([0.5, 0.5], [2], 2), "[heads/log-loss] expected labels from 0 to 1; received 2 for sample 0"],
    [() => wilsonInterval(3, 2), "[heads/intervals] expected 0 to n successes among n ≥ 1 samples; received 3 among 2"],
  ])("%#", (run, message) => {
    expect(run).toThrow(expect.objectContaining({ message }));
  });
});
