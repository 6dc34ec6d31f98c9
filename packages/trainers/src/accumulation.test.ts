import { type Engine, float32, type Head } from "@graft-ml/core";
import { graphBuilder, reduceSum } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { updateAt, updatesPerEpoch } from "./accumulation.ts";
import type { Headed } from "./attach-head.ts";
import { averageDecay } from "./averages.ts";
import { inMemory } from "./batches.ts";
import { adamw, sgd } from "./optimizers/index.ts";
import { oneCycle } from "./schedules/index.ts";
import { softmaxHead, wild } from "./sequences.fixture.ts";
import { type TrainOptions, train } from "./train.ts";

const [FEATURES, CLASSES] = [5, 3];

/** Softmax cross-entropy with weights of classes. */
const head: Head<number> = {
  ...softmaxHead(CLASSES),
  weigh: ({ target }, g) =>
    reduceSum(g, g.op("Mul", [target, g.constant(float32([CLASSES], [0.5, 1, 3]))]), [1], false),
};

function network(): Headed {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", FEATURES]);
  const weight = g.parameter("body.weight", float32([FEATURES, 4], wild(FEATURES * 4, 1)));
  const hidden = g.op("Tanh", [g.op("MatMul", [x, weight])]);
  const parameters = ["head.weight", "head.bias"];
  const logits = g.op("Gemm", [
    hidden,
    g.parameter(parameters[0]!, float32([4, CLASSES], wild(4 * CLASSES, 2))),
    g.parameter(parameters[1]!, float32([CLASSES], [0, 0, 0])),
  ]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, parameters };
}

// 22 samples: with 8 in a batch, or twice 4, the last update of an epoch has 6.
const labels = wild(22, 4).map((value) => Math.floor(((value + 1) / 2) * CLASSES));
const base: Omit<TrainOptions<number>, "engine"> = {
  headed: network(),
  head,
  targets: { classes: ["a", "b", "c"] },
  rates: { "body.weight": 0.5 },
  normalization: "frozen",
  optimizer: adamw(),
  data: inMemory(
    "x",
    { dtype: "float32", dims: [22, FEATURES], data: Float32Array.from(wild(22 * FEATURES, 3)) },
    labels,
  ),
  epochs: 3,
  batch: 8,
  rate: 0.05,
  schedule: oneCycle(),
  patience: 3,
  seed: 11,
};

describe("the update of a batch", () => {
  it("is that of its group, complete at the end of an epoch", () => {
    const places = Array.from({ length: 10 }, (_, done) => updateAt(done, 5, 2));
    expect(places.map(({ number }) => number)).toEqual([1, 1, 2, 2, 3, 4, 4, 5, 5, 6]);
    expect(places.map(({ applies }) => applies)).toEqual(
      [0, 1, 0, 1, 1, 0, 1, 0, 1, 1].map((applies) => applies === 1),
    );
    expect(updatesPerEpoch(5, 2)).toBe(3);
  });

  it("is its own without accumulation, and one an epoch with more than an epoch has", () => {
    expect([0, 1, 2].map((done) => updateAt(done, 3))).toEqual([1, 2, 3].map((number) => ({ number, applies: true })));
    expect([0, 1, 2, 3].map((done) => updateAt(done, 2, 9).number)).toEqual([1, 1, 2, 2]);
    expect([0, 1, 2, 3].map((done) => updateAt(done, 2, 9).applies)).toEqual([false, true, false, true]);
  });
});

it("averages forget what training started from", () => {
  expect(averageDecay(0.999, 1)).toBe(0);
  expect(averageDecay(0.999, 2)).toBe(2 / 11);
  expect(averageDecay(0.9, 1000)).toBe(0.9);
});

const probes = await probeEngines();

describe.each(engineNames)("%s", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it.each([
    ["AdamW", {}],
    ["clipped momentum", { optimizer: sgd({ momentum: 0.9 }), clipNorm: 0.3 }],
    ["averaged weights", { ema: 0.5 }],
  ])("%s: two batches of 4 make the update of one of 8", async (_, settings) => {
    const whole = await train({ ...base, ...settings, engine });
    const halves = await train({ ...base, ...settings, engine, batch: 4, accumulate: 2 });
    expect(halves.steps).toHaveLength(18);
    expect(whole.steps).toHaveLength(9);
    for (const [variable, { data }] of Object.entries(whole.values)) {
      const found = halves.values[variable]!.data as Float32Array;
      const off = Array.from(data as Float32Array, (value, i) => Math.abs(value - found[i]!));
      expect(Math.max(...off), variable).toBeLessThan(1e-6);
    }
  });
});
