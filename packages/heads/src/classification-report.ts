import type { Random, TargetSpec } from "@graft-ml/core";
import type { Classified } from "./classification.ts";
import {
  accuracy,
  bootstrapInterval,
  confusion,
  expectedCalibrationError,
  logLoss,
  macroF1,
  perClass,
  temperature,
  wilsonInterval,
} from "./metrics/index.ts";

const BINS = 15;

/** All measures of a classifier on held-out samples, as plain JSON; intervals are of 95 %. */
export function classificationReport(
  predictions: readonly Classified[],
  targets: readonly number[],
  spec: TargetSpec,
  random: Random,
): Readonly<Record<string, unknown>> {
  const classes = spec.classes.length;
  const labels = Int32Array.from(predictions, ({ label }) => label);
  const truth = Int32Array.from(targets);
  const probabilities = flatten(predictions, classes);
  const hits = labels.reduce((n, label, i) => n + Number(label === truth[i]), 0);
  const counts = confusion(labels, truth, classes);
  const scores = perClass(labels, truth, classes);
  const resampled = (rows: Int32Array): number =>
    macroF1(
      Int32Array.from(rows, (row) => labels[row]!),
      Int32Array.from(rows, (row) => truth[row]!),
      classes,
    );
  return {
    samples: truth.length,
    accuracy: accuracy(labels, truth),
    interval: wilsonInterval(hits, truth.length),
    macroF1: macroF1(labels, truth, classes),
    macroF1Interval: bootstrapInterval(truth.length, resampled, random.fork("macro-f1")),
    ece: expectedCalibrationError(probabilities, truth, classes, BINS),
    logLoss: logLoss(probabilities, truth, classes),
    perClass: Object.fromEntries(
      scores.map(({ precision, recall, f1, support }, k) => [spec.classes[k]!, { precision, recall, f1, support }]),
    ),
    confusion: Array.from({ length: classes }, (_, k) => Array.from(counts.subarray(k * classes, (k + 1) * classes))),
    calibration: reliability(predictions, truth),
  };
}

/** The temperature of least log-loss on held-out predictions (Guo et al., ICML 2017, section 4.2). */
export function temperatureOf(predictions: readonly Classified[], targets: readonly number[], classes: number): number {
  // Log-probabilities are logits up to a constant a sample, which softmax forgets.
  const logits = Float64Array.from(flatten(predictions, classes), (p) => Math.log(Math.max(p, 1e-30)));
  return temperature(logits, Int32Array.from(targets), classes);
}

function flatten(predictions: readonly Classified[], classes: number): Float32Array {
  const values = new Float32Array(predictions.length * classes);
  predictions.forEach(({ probabilities }, i) => {
    values.set(probabilities, i * classes);
  });
  return values;
}

/** Mean confidence, accuracy and count of each equal-width bin of confidence that is not empty. */
function reliability(
  predictions: readonly Classified[],
  truth: Int32Array,
): { confidence: number; accuracy: number; count: number }[] {
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, accuracy: 0, count: 0 }));
  predictions.forEach(({ label, probabilities }, i) => {
    const confidence = probabilities[label]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]!;
    bin.confidence += confidence;
    bin.accuracy += Number(label === truth[i]);
    bin.count++;
  });
  return bins
    .filter(({ count }) => count > 0)
    .map(({ confidence, accuracy: hits, count }) => ({
      confidence: confidence / count,
      accuracy: hits / count,
      count,
    }));
}
