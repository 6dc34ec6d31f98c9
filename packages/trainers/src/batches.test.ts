import { float32, type Head, seededRandom, type Value } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { describe, expect, test } from "vitest";
import { epochBatches, gatherBatch, inMemory, stepsPerEpoch, subset } from "./batches.ts";
import { adamw } from "./optimizers/adamw.ts";
import { oneCycle } from "./schedules/one-cycle.ts";
import { trainingStep } from "./training-step.ts";

describe("batches", () => {
  test("an epoch visits every sample once, in seeded order", () => {
    const batches = epochBatches(10, 4, seededRandom(1));
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(batches.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochBatches(10, 4, seededRandom(1))).toEqual(batches);
    expect(epochBatches(10, 4, seededRandom(2))).not.toEqual(batches);
  });

  test("live statistics see no padded batch, unless it is the only one", () => {
    const steps = (length: number) => [stepsPerEpoch(length, 4, "frozen"), stepsPerEpoch(length, 4, "live")];
    expect([3, 4, 8, 9].map(steps)).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
  });

  test("subsets look through to their source, and short batches are padded with zeros", async () => {
    const source = subset(inMemory(Float32Array.of(0, 1, 2, 3, 4, 5), [2], ["a", "b", "c"]), [2, 0]);
    expect(source.targets).toEqual(["c", "a"]);
    expect(await gatherBatch(source, [1, 0], 3)).toEqual(float32([3, 2], [0, 1, 4, 5, 0, 0]));
  });
});

test("one cycle rises to the peak and falls to nearly nothing", () => {
  const schedule = oneCycle();
  const rates = Array.from({ length: 100 }, (_, step) => schedule(step, 100));
  expect(rates[0]).toBeCloseTo(1 / 25, 10);
  expect(Math.max(...rates)).toBeCloseTo(1, 10);
  expect(rates.indexOf(Math.max(...rates))).toBe(29);
  expect(rates[99]).toBeCloseTo(1 / 250_000, 10);
  expect(oneCycle()(0, 1)).toBeCloseTo(1, 1);
});

test("live normalisation in a thawed group leaves a frozen group's statistics alone", () => {
  const g = graphBuilder();
  const vector = (value: number) => float32([2], [value, value]);
  const norm = (x: Value, prefix: string): Value =>
    g.op("BatchNormalization", [
      x,
      ...["scale", "shift", "mean", "var"].map((part) => g.parameter(`${prefix}.${part}`, vector(1))),
    ]);
  const features = norm(norm(g.input("x", "float32", ["batch", 2]), "thawed"), "frozen");
  const graph = g.finish([features]);
  const head = {
    targetInputs: () => [],
    loss: ({ features }: Record<string, Value>, _: unknown, open: typeof g) =>
      open.op("ReduceSum", [features, open.ints([1])], { keepdims: 0 }),
  } as unknown as Head;
  const step = trainingStep({
    headed: { graph, outputs: { features: features.name }, parameters: [] },
    head,
    targets: { classes: [] },
    rates: { "thawed.scale": 1, "thawed.shift": 1 },
    normalization: "live",
    optimizer: adamw(),
    batch: 4,
  });
  expect([...step.variables].sort()).toEqual(["thawed.mean", "thawed.scale", "thawed.shift", "thawed.var"]);
});
