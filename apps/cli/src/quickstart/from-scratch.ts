import { fail, type ImagePreprocessing, type RunControl, seededRandom, sizeOf } from "@graft-ml/core";
import { decodeBatches, type ImageDataset, type ImageSample } from "@graft-ml/data";
import { type ClassificationReport, linear, solvers } from "graft-ml";

const SIDE = 32;
const PIXELS: ImagePreprocessing = {
  size: SIDE,
  crop: 1,
  interpolation: "bilinear",
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
  layout: "NCHW",
  channels: "RGB",
};

/** What the baseline is, in the words that users read. */
export const FROM_SCRATCH: string = `from scratch: the same solver on raw ${SIDE}×${SIDE} pixels`;

/** A model without pretraining, measured as the transferred one is. */
export interface Baseline {
  readonly report: ClassificationReport;
  /** Paths of the test pictures that it names right. */
  readonly right: ReadonlySet<string>;
}

/** Fits the same linear head by the same solver on raw pixels instead of pretrained features. */
export async function fromScratch(dataset: ImageDataset, seed: number, control: RunControl): Promise<Baseline> {
  const classes = dataset.classes.length;
  const part = (split: ImageSample["split"]): ImageSample[] =>
    dataset.samples.filter((sample) => sample.split === split);
  const [train, test] = [part("train"), part("test")];
  if (test.length === 0) throw fail("cli/quickstart", "expected test pictures; received none");
  const labels = Int32Array.from(train, (sample) => sample.label);
  const { weight, bias } = await solvers
    .logistic()
    .fit(await pixelsOf(train, control), labels, classes, { seed, control });
  const pixels = await pixelsOf(test, control);
  const width = sizeOf([3, SIDE, SIDE]);
  const predictions = test.map((_, i) => classify(pixels.subarray(i * width, (i + 1) * width), weight, bias));
  const targets = test.map((sample) => sample.label);
  const report = linear().evaluate(
    predictions,
    targets,
    { classes: dataset.classes },
    seededRandom(seed).fork("evaluate"),
  );
  return {
    report: report as unknown as ClassificationReport,
    right: new Set(test.filter((sample, i) => predictions[i]!.label === sample.label).map((sample) => sample.path)),
  };
}

async function pixelsOf(samples: readonly ImageSample[], control: RunControl): Promise<Float32Array> {
  const width = sizeOf([3, SIDE, SIDE]);
  const all = new Float32Array(samples.length * width);
  for await (const { indices, images } of decodeBatches(samples, PIXELS, {
    batch: 64,
    ...(control.signal && { control: { signal: control.signal } }),
  })) {
    const values = images.data as Float32Array;
    indices.forEach((index, i) => {
      all.set(values.subarray(i * width, (i + 1) * width), index * width);
    });
  }
  return all;
}

function classify(
  pixels: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
): { label: number; probabilities: Float32Array } {
  const scores = Float64Array.from(bias);
  pixels.forEach((value, i) => {
    for (let k = 0; k < scores.length; k++) scores[k]! += value * weight[i * scores.length + k]!;
  });
  const top = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
  return {
    label: scores.indexOf(top),
    probabilities: Float32Array.from(scores, (score) => Math.exp(score - top) / total),
  };
}
