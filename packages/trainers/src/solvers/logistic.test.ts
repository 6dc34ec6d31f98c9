import { type RunEvent, seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { dot } from "./lbfgs.ts";
import { fitLogistic, logistic } from "./logistic.ts";
import { fitDesign, fitPath, preconditionFor, prepareDesign } from "./logistic-path.ts";
import { logitLoss, oneColumn, twoColumns } from "./logit-loss.ts";
import { preconditioner } from "./preconditioner.ts";
import { primalDesign } from "./primal-design.ts";
import { allRows, checkSamples } from "./samples.ts";
import { softmaxLoss } from "./softmax-loss.ts";
import { standardization } from "./standardization.ts";
import { stratifiedFolds } from "./stratified-folds.ts";

function blobs(
  count: number,
  dims: number,
  classes: number,
  distance = 1,
): { features: Float32Array; labels: Int32Array } {
  const random = seededRandom(9);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features = Float32Array.from({ length: count * dims }, (_, o) => {
    const own = o % dims === labels[Math.floor(o / dims)] ? distance : 0;
    return 5 + (1 + (o % dims)) * (own + random.normal());
  });
  return { features, labels };
}

function scores(features: Float32Array, { weight, bias }: { weight: Float32Array; bias: Float32Array }): number[] {
  const classes = bias.length;
  const dims = weight.length / classes;
  return Array.from({ length: (features.length / dims) * classes }, (_, o) => {
    let sum = bias[o % classes]!;
    for (let j = 0; j < dims; j++)
      sum += features[Math.floor(o / classes) * dims + j]! * weight[j * classes + (o % classes)]!;
    return sum;
  });
}

const { features, labels } = blobs(40, 60, 3, 2);

describe("logistic", () => {
  it("picks c by held-out loss and gives held-out scores", async () => {
    const events: RunEvent[] = [];
    const solution = await fitLogistic(features, labels, 3, { control: { onEvent: (event) => events.push(event) } });
    const { c, grid, cvLoss, folds, converged } = solution.details;
    expect({ folds, converged }).toEqual({ folds: 5, converged: true });
    expect(c).toBe(grid[cvLoss.indexOf(Math.min(...cvLoss))]);
    expect(solution.outOfFold).toHaveLength(120);
    expect(events[0]).toEqual({ type: "progress", stage: "cross-validation", done: 0, total: 11 });
    expect(await fitLogistic(features, labels, 3)).toEqual(solution);
  });

  it("scores held-out samples as a separate fit of the fold would, standardized by the fold", async () => {
    const samples = checkSamples("test", features, labels, 3);
    const [fold] = stratifiedFolds("test", labels, samples.classCounts, 4, seededRandom(0));
    const fitting = {
      samples,
      sampleWeights: undefined,
      scaling: "each" as const,
      objective: undefined,
      preconditioner: () => undefined,
      control: undefined,
    };
    const path = await fitPath(fitting, [fold!], [1e-3]);
    const pick = (rows: Int32Array) =>
      Float32Array.from([...rows].flatMap((row) => [...features.subarray(row * 60, row * 60 + 60)]));
    const alone = await fitLogistic(
      pick(fold!.train),
      fold!.train.map((row) => labels[row]!),
      3,
      { c: 1e-3, folds: 0 },
    );
    const expected = scores(pick(fold!.heldOut), alone);
    fold!.heldOut.forEach((row, r) => {
      // The path stops at a looser tolerance.
      for (let k = 0; k < 3; k++) expect(path.scores[row * 3 + k]!).toBeCloseTo(expected[r * 3 + k]!, 1);
    });
  });

  it("is the same in the space of samples and in the space of features", async () => {
    const options = { c: 0.1, folds: 0, tolerance: 1e-12 };
    const dual = await fitLogistic(features, labels, 3, options);
    const primal = await fitLogistic(features, labels, 3, {
      ...options,
      objective: ({ scaling, classes, c, ...input }) => {
        const loss = softmaxLoss(primalDesign(input, scaling), classes, c);
        return async (point) => loss(point);
      },
    });
    expect(primal.details.loss / dual.details.loss).toBeCloseTo(1, 10);
    dual.weight.forEach((value, i) => {
      expect(primal.weight[i]!).toBeCloseTo(value, 5);
    });
  });

  it("finds for two classes with one column what two columns find", async () => {
    const two = blobs(80, 20, 2);
    const options = { c: 0.3, folds: 0, tolerance: 1e-13 };
    const weights = { sampleWeights: Array.from(two.labels, (_, i) => 1 + (i % 3)) };
    const one = await fitLogistic(two.features, two.labels, 2, { ...options, ...weights });
    const both = await fitLogistic(two.features, two.labels, 2, {
      ...options,
      ...weights,
      objective: ({ scaling, classes, c, ...input }) => softmaxLoss(primalDesign(input, scaling), classes, c),
    });
    expect(both.details.loss / one.details.loss).toBeCloseTo(1, 12);
    one.weight.forEach((value, i) => {
      expect(both.weight[i]!).toBeCloseTo(value, 5);
    });
    expect(one.bias[0]! + one.bias[1]!).toBeCloseTo(both.bias[0]! + both.bias[1]!, 5);
    expect(one.bias[1]!).toBeCloseTo(both.bias[1]!, 5);
  });

  it("evaluates one column as two: value, gradient and length", () => {
    const two = blobs(30, 7, 2);
    const input = {
      features: two.features,
      dims: 7,
      labels: two.labels,
      sampleWeights: undefined,
      train: Int32Array.from({ length: 30 }, (_, i) => i),
      heldOut: new Int32Array(0),
    };
    const design = primalDesign(input, standardization(two.features, 7, input.train, "each"));
    const random = seededRandom(2);
    const point = Float64Array.from({ length: 8 }, () => 2 * random.normal());
    const one = logitLoss(design, 0.7)(point);
    const both = softmaxLoss(design, 2, 0.7)(twoColumns(point));
    expect(one.value).toBeCloseTo(both.value, 12);
    twoColumns(one.gradient).forEach((value, i) => {
      expect(value).toBeCloseTo(both.gradient[i]!, 12);
    });
    expect(dot(one.gradient, one.gradient)).toBeCloseTo(dot(both.gradient, both.gradient), 12);
    oneColumn(twoColumns(point)).forEach((value, i) => {
      expect(value).toBeCloseTo(point[i]!, 12);
    });
    const far = logitLoss(design, 0.7)(point.map((value) => 1e4 * value));
    expect(Number.isFinite(far.value) && far.gradient.every(Number.isFinite)).toBe(true);
  });

  it("takes few steps where features correlate, to the same minimum", async () => {
    const { features, labels } = blobs(300, 30, 3, 0.5);
    // Each feature adds to all before it, so that their second moments are far from equal.
    for (let o = 1; o < features.length; o++) if (o % 30 > 0) features[o] = features[o]! + features[o - 1]!;
    const samples = checkSamples("test", features, labels, 3);
    const fitting = {
      samples,
      sampleWeights: undefined,
      scaling: "common" as const,
      objective: undefined,
      preconditioner: () => preconditioner(samples, undefined, "common"),
      control: undefined,
    };
    const design = prepareDesign(fitting, { train: allRows(300), heldOut: new Int32Array(0) });
    const precondition = preconditionFor(fitting, design, 1, 1 / 3);
    const plain = await fitDesign(fitting, design, 1, { tolerance: 1e-12 });
    const quick = await fitDesign(fitting, design, 1, { tolerance: 1e-12 }, { precondition });
    expect(quick.converged).toBe(true);
    expect(quick.evaluations).toBeLessThan(plain.evaluations / 4);
    expect(quick.value / plain.value).toBeCloseTo(1, 11);
    quick.point.forEach((value, i) => {
      expect(value).toBeCloseTo(plain.point[i]!, 4);
    });
  });

  it("takes a sample twice or with weight 2 alike", async () => {
    const options = { c: 0.5, folds: 0, scaling: "none" as const, tolerance: 1e-12 };
    const twice = await fitLogistic(
      Float32Array.of(...features, ...features.subarray(0, 60)),
      [...labels, labels[0]!],
      3,
      options,
    );
    const weighted = await fitLogistic(features, labels, 3, {
      ...options,
      sampleWeights: Array.from(labels, (_, i) => (i === 0 ? 2 : 1)),
    });
    twice.weight.forEach((value, i) => {
      expect(weighted.weight[i]!).toBeCloseTo(value, 5);
    });
  });

  it("lowers the folds to the smallest class, and leaves them out on request", async () => {
    const few = Int32Array.from(labels, (label, i) => (label === 2 && i > 8 ? 0 : label));
    expect((await fitLogistic(features, few, 3)).details.folds).toBe(3);
    const plain = await fitLogistic(features, labels, 3, { c: 1, folds: 0 });
    expect(plain.outOfFold).toBeUndefined();
    expect(plain.details).toMatchObject({ c: 1, grid: [1], cvLoss: [], folds: 0 });
  });

  it("can be interrupted", async () => {
    const control = { signal: AbortSignal.abort() };
    await expect(fitLogistic(features, labels, 3, { control })).rejects.toThrow("[trainers/logistic] interrupted");
  });

  it("is a solver with plain options", async () => {
    const solver = logistic({ c: 0.1, folds: 3 });
    expect(solver.name).toBe("logistic");
    expect((await solver.fit(features, labels, 3)).details).toMatchObject({ c: 0.1, folds: 3 });
    expect(() => logistic({ C: 1 })).toThrow(
      '[trainers/logistic] unknown option "C"; did you mean "c"? known: c, folds, grid, scaling, tolerance',
    );
    expect(() => logistic({ c: -1 })).toThrow(
      '[trainers/logistic] expected c to be "auto" or a positive number; received -1',
    );
    expect(() => logistic({ folds: 0 })).toThrow(
      "[trainers/logistic] expected folds to be an integer ≥ 2, or 0 where c is a number; received 0",
    );
  });

  const broken = Float32Array.from(features, (value, o) => (o === 125 ? Number.NaN : value));
  const lonely = Int32Array.from(labels, (label, i) => (label === 2 && i > 2 ? 0 : label));
  it.each([
    [
      () => fitLogistic(broken, labels, 3),
      "[trainers/logistic] expected finite features; received NaN in feature 5 of sample 2",
    ],
    [
      () =>
        fitLogistic(
          features,
          labels.map(() => 0),
          1,
        ),
      "[trainers/logistic] expected at least 2 classes; received 1",
    ],
    [
      () =>
        fitLogistic(
          features,
          labels.map(() => 0),
          2,
        ),
      "[trainers/logistic] expected samples of every class; received none of class 1 among 40. Add samples, or leave the class out",
    ],
    [
      () => fitLogistic(features, labels, 2),
      "[trainers/logistic] expected labels from 0 to 1; received 2 for sample 2",
    ],
    [
      () => fitLogistic(features.subarray(1), labels, 3),
      "[trainers/logistic] expected features of 40 samples, one after another; received 2399 numbers",
    ],
    [
      () => fitLogistic(features, lonely, 3),
      "[trainers/logistic] expected at least 2 samples of every class for cross-validation; received 1 of class 2. Add samples, or set c to a number and folds to 0",
    ],
    [
      () => fitLogistic(features, labels, 3, { sampleWeights: [1] }),
      "[trainers/logistic] expected 40 sampleWeights; received 1",
    ],
  ])("refuses what it cannot fit: %#", async (run, message) => {
    await expect(run()).rejects.toThrow(expect.objectContaining({ message }));
  });
});
