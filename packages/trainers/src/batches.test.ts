import { float32, type Head, seededRandom, type Value } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { describe, expect, test } from "vitest";
import { epochBatches, inMemory, padded, plainBatches, stepsPerEpoch, subset, trainedBatches } from "./batches.ts";
import { adamw } from "./optimizers/adamw.ts";
import { oneCycle } from "./schedules/one-cycle.ts";
import { trainingStep } from "./training-step.ts";

describe("batches", () => {
  test("an epoch visits every sample once, in seeded order", () => {
    const batches = epochBatches({ length: 10 }, 4, seededRandom(1));
    expect(batches.map(({ indices }) => indices.length)).toEqual([4, 4, 2]);
    expect(batches.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochBatches({ length: 10 }, 4, seededRandom(1))).toEqual(batches);
    expect(epochBatches({ length: 10 }, 4, seededRandom(2))).not.toEqual(batches);
  });

  test("measuring takes samples in their order, sequences the longest first", () => {
    expect(plainBatches({ length: 5 }, 2).map(({ indices }) => indices)).toEqual([[0, 1], [2, 3], [4]]);
    const sequences = { length: 5, lengths: [3, 9, 1, 7, 8], paddings: [4, 10] };
    expect(plainBatches(sequences, 2)).toEqual([
      { indices: [1, 4], tokens: 10 },
      { indices: [3, 0], tokens: 10 },
      { indices: [2], tokens: 4 },
    ]);
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

  test("live statistics see full batches only, wherever the short one comes", () => {
    const sequences = { length: 9, lengths: [5, 5, 5, 5, 5, 1, 1, 1, 1], paddings: [1, 5] };
    const sizes = (normalization: "frozen" | "live") =>
      Array.from({ length: 20 }, (_, seed) =>
        trainedBatches(sequences, 4, seededRandom(seed), normalization).map(({ indices }) => indices.length),
      );
    expect(sizes("frozen").some(([first]) => first === 1)).toBe(true);
    for (const each of sizes("frozen")) expect([...each].sort()).toEqual([1, 4, 4]);
    for (const each of sizes("live")) expect(each).toEqual([4, 4]);
    expect(trainedBatches({ length: 3 }, 3, seededRandom(0), "live")).toHaveLength(1);
  });

  test("subsets look through to their source, and short batches are filled up with their first sample", async () => {
    const values = float32([3, 2], [0, 1, 2, 3, 4, 5]);
    const source = subset(inMemory("x", values, ["a", "b", "c"]), [2, 0]);
    expect(source.targets).toEqual(["c", "a"]);
    const batch = padded({ indices: [1, 0], tokens: 7 }, 3);
    expect(batch).toEqual({ indices: [1, 0, 1], tokens: 7 });
    expect(await source.feed(batch)).toEqual({ x: float32([3, 2], [0, 1, 4, 5, 0, 1]) });
    const { lengths, paddings } = subset({ ...source, lengths: [4, 6], paddings: [8] }, [1]);
    expect({ lengths, paddings }).toEqual({ lengths: [6], paddings: [8] });
    expect(() => inMemory("x", values, ["a"])).toThrow(
      "[trainers/in-memory] expected one target a sample; received 1 for 3",
    );
  });
});

test("one cycle rises to the peak and falls to nearly nothing", () => {
  const schedule = oneCycle();
  const rates = Array.from({ length: 100 }, (_, step) => schedule.multiple(step, 100));
  expect(rates[0]).toBeCloseTo(1 / 25, 10);
  expect(Math.max(...rates)).toBeCloseTo(1, 10);
  expect(rates.indexOf(Math.max(...rates))).toBe(29);
  expect(rates[99]).toBeCloseTo(1 / 250_000, 10);
  expect(oneCycle().multiple(0, 1)).toBeCloseTo(1, 1);
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
