import { readFile } from "node:fs/promises";
import { type Engine, float32, type Head, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceSum } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import type { Headed } from "./attach-head.ts";
import { inMemory } from "./batches.ts";
import { findRate } from "./find-rate.ts";
import { adamw, sgd } from "./optimizers/index.ts";
import { constant } from "./schedules/index.ts";
import { sequenceNetwork, sequences, softmaxHead, wild } from "./sequences.fixture.ts";
import { smoothed, suggestRates } from "./suggest-rates.ts";
import { type TrainOptions, train } from "./train.ts";

// Expected values: tools/golden/find_rate.py, Lightning's smoothing and the steepest place, by numpy.
const golden = JSON.parse(await readFile(new URL("../golden/find-rate.json", import.meta.url), "utf8")) as {
  readonly tolerance: number;
  readonly cases: readonly {
    readonly rates: readonly number[];
    readonly losses: readonly number[];
    readonly smoothed: readonly number[];
    readonly steepest: number;
    readonly safe: number;
  }[];
};

describe.each(golden.cases)("a curve that falls fastest at $steepest", ({ rates, losses, ...expected }) => {
  it("is smoothed as Lightning does it", () => {
    for (const [i, value] of smoothed(losses).entries()) {
      expect(Math.abs(value / expected.smoothed[i]! - 1)).toBeLessThan(golden.tolerance);
    }
  });
  it("suggests that rate", () => {
    const { steepest, safe } = suggestRates(rates, losses);
    expect(Math.abs(steepest / expected.steepest - 1)).toBeLessThan(golden.tolerance);
    expect(Math.abs(safe / expected.safe - 1)).toBeLessThan(golden.tolerance);
  });
});

const [FEATURES, SAMPLES] = [6, 40];

/** Half the squared distance of the one output from the target. */
const head = {
  targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch"] }],
  encode: (targets: readonly number[]) => ({ target: float32([targets.length], targets) }),
  loss: ({ y }: { y: Value }, { target }: { target: Value }, g: OpenGraph) => {
    const off = g.op("Sub", [reduceSum(g, y, [1], false), target]);
    return g.op("Mul", [g.op("Mul", [off, off]), g.scalar(0.5)]);
  },
} as unknown as Head<number>;

function network(): Headed {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", FEATURES]);
  const y = g.op("MatMul", [x, g.parameter("head.weight", float32([FEATURES, 1], new Float32Array(FEATURES)))]);
  return { graph: g.finish([y]), outputs: { y: y.name }, parameters: ["head.weight"] };
}

const x = Float32Array.from(wild(SAMPLES * FEATURES, 3));
const targets = Array.from({ length: SAMPLES }, (_, n) => 3 * x[n * FEATURES]! - 2 * x[n * FEATURES + 1]!);
const base = {
  headed: network(),
  head,
  targets: { classes: [] },
  rates: {},
  normalization: "frozen" as const,
  data: inMemory("x", { dtype: "float32", dims: [SAMPLES, FEATURES], data: x }, targets),
  batch: 16,
  seed: 5,
};

describe("the range test", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine("onnxruntime");
  });
  const trained = (rate: number, optimizer = sgd()): ReturnType<typeof train<number>> => {
    const options: TrainOptions<number> = {
      ...base,
      optimizer,
      engine,
      rate,
      epochs: 4,
      schedule: constant(),
      patience: 4,
    };
    return train(options);
  };

  it("raises the rate by equal factors until the loss diverges, and suggests a rate that learns", async () => {
    const found = await findRate({ ...base, optimizer: sgd(), engine, highest: 1e3 });
    expect(found.diverged).toBe(true);
    expect(found.rates.length).toBeGreaterThan(50);
    expect(found.rates.length).toBeLessThan(100);
    expect(found.losses).toHaveLength(found.rates.length);
    const factor = (1e3 / 1e-7) ** (1 / 99);
    for (let i = 1; i < found.rates.length; i++) expect(found.rates[i]! / found.rates[i - 1]!).toBeCloseTo(factor, 8);
    expect(found.safe).toBeLessThanOrEqual(found.steepest);
    const [good, slow] = [await trained(found.steepest), await trained(found.steepest / 1000)];
    expect(good.loss.at(-1)!).toBeLessThan(0.5 * slow.loss.at(-1)!);
    await expect(trained(found.rates.at(-1)! * 100)).rejects.toThrow("lower the learning rate");
  });

  it("leaves a training after it as it would be without it, bit by bit", async () => {
    const optimizer = adamw();
    const alone = await trained(0.01, optimizer);
    await findRate({ ...base, optimizer, engine, steps: 20, highest: 1 });
    expect(await trained(0.01, optimizer)).toEqual(alone);
  });

  it("is the same each time", async () => {
    const test = (): Promise<unknown> => findRate({ ...base, optimizer: adamw(), engine, steps: 20, highest: 1 });
    expect(await test()).toEqual(await test());
  });

  it("takes sequences of several paddings", async () => {
    const found = await findRate({
      engine,
      headed: sequenceNetwork(3),
      head: softmaxHead(3),
      targets: { classes: ["a", "b", "c"] },
      rates: { "body.weight": 1 },
      normalization: "frozen",
      optimizer: adamw(),
      data: sequences(22, 3, 3),
      batch: 4,
      seed: 1,
      steps: 20,
      highest: 1,
    });
    expect(found.losses).toHaveLength(20);
    expect(found.losses.every(Number.isFinite)).toBe(true);
  });

  it.each([
    [{ lowest: 0 }, "expected rates with 0 < lowest < highest; received 0 and 10"],
    [{ steps: 3 }, "expected steps to be an integer of at least 10; received 3"],
    [
      { lowest: 1e3, highest: 1e6, steps: 10 },
      "the loss diverged after 2 steps, before a rate could be judged; start at a lower rate",
    ],
  ])("refuses %j", async (options, message) => {
    await expect(findRate({ ...base, optimizer: sgd(), engine, ...options })).rejects.toThrow(
      `[trainers/find-rate] ${message}`,
    );
  });
});
