import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  type Engine,
  float32,
  type Head,
  pluginNames,
  sizeOf,
  type Tensor,
  type Tensors,
  type Value,
} from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceSum, reshape } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import type { Headed } from "../attach-head.ts";
import { inMemory } from "../batches.ts";
import { channelAttention } from "../channel-attention.ts";
import { sgd } from "../optimizers/index.ts";
import { stepFeed } from "../step-feed.ts";
import { LOSS, trainingStep } from "../training-step.ts";
import { sourceRelationship } from "./co-tuning.ts";
import { TEACHER_FEATURES } from "./distill-features.ts";
import { TEACHER_LOGITS } from "./distill-logits.ts";
import * as regularizers from "./index.ts";
import type { Regularizer } from "./regularizer.ts";

// Expected values: tools/golden/regularizers.py, PyTorch's autograd over the papers' formulas.

interface Recipe {
  readonly dims: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}
interface Case {
  readonly name: string;
  readonly batch: number;
  readonly loss: number;
  readonly term: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
const golden = JSON.parse(await readFile(new URL("../../golden/regularizers.json", import.meta.url), "utf8")) as {
  readonly tolerance: number;
  readonly values: Readonly<Record<string, Recipe>>;
  readonly relationship: readonly (readonly number[])[];
  readonly attention: readonly number[];
  readonly channelAttention: { readonly samples: number; readonly weights: readonly number[] };
  readonly cases: readonly Case[];
};
const [CLASSES, SIZE] = [3, 4];

/** The recipe of tools/golden/recipe.py. */
function recipe({ dims, seed, low, high }: Recipe): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}
const valueAt = (name: string): Tensor => recipe(golden.values[name]!);

const head = {
  targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch", CLASSES] }],
  encode: (labels: readonly number[]) => ({
    target: float32(
      [labels.length, CLASSES],
      labels.flatMap((label) => Array.from({ length: CLASSES }, (_, k) => Number(k === label))),
    ),
  }),
  loss: ({ logits }: { logits: Value }, { target }: { target: Value }, g: OpenGraph) =>
    g.op("Neg", [reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false)]),
} as unknown as Head<number>;

/** The network of the script. */
function network(): Headed {
  const g = graphBuilder();
  const image = g.input("image", "float32", ["batch", 3, SIZE, SIZE]);
  const map = g.name(
    g.op("Relu", [g.op("Conv", [image, g.parameter("conv.weight", valueAt("conv.weight"))])]),
    "last map",
  );
  const features = g.name(reshape(g, g.op("GlobalAveragePool", [map]), [-1, map.dims[1] as number]), "features");
  const parameters = ["head.weight", "head.bias"];
  const logits = g.op("Gemm", [features, ...parameters.map((name) => g.parameter(name, valueAt(name)))]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, features: features.name, parameters };
}

const classifier = {
  weight: valueAt("classifier.weight"),
  bias: valueAt("classifier.bias"),
  relationship: golden.relationship,
};
const given = (batch: number, width: number, seed: number): Tensor =>
  recipe({ dims: [batch, width], seed, low: -2, high: 2 });

/** The regulariser of each case, what is fed for it, and what the script calls its own values. */
const MADE: Readonly<
  Record<string, { regularizer: Regularizer; fed?: (batch: number) => Tensors; own?: Readonly<Record<string, string>> }>
> = {
  "l2-sp": { regularizer: regularizers.l2Sp() },
  "delta, all channels alike": { regularizer: regularizers.delta({ maps: ["last map"] }) },
  "delta, attention": {
    regularizer: regularizers.delta({ maps: ["last map"], attention: { "last map": golden.attention } }),
  },
  "bss, fewer samples than features": { regularizer: regularizers.bss({ strength: 1 }) },
  "bss, two values, more samples than features": { regularizer: regularizers.bss({ k: 2, strength: 1 }) },
  "co-tuning": {
    regularizer: regularizers.coTuning({}, classifier),
    own: { "classifier.weight": "weight", "classifier.bias": "bias" },
  },
  "distill-logits": {
    regularizer: regularizers.distillLogits({ temperature: 3, strength: 0.5 }),
    fed: (batch) => ({ [TEACHER_LOGITS]: given(batch, CLASSES, 60) }),
  },
  "distill-features": {
    regularizer: {
      ...regularizers.distillFeatures({ width: 4, strength: 0.7 }),
      own: () => ({ map: valueAt("map"), shift: valueAt("shift") }),
    },
    fed: (batch) => ({ [TEACHER_FEATURES]: given(batch, 4, 61) }),
    own: { map: "map", shift: "shift" },
  },
};

const targets = { classes: ["a", "b", "c"] };
const stepWith = (regularizer: Regularizer, batch: number): ReturnType<typeof trainingStep> =>
  trainingStep({
    headed: network(),
    head: head as Head,
    targets,
    rates: { "conv.weight": 1 },
    normalization: "frozen",
    optimizer: sgd(),
    batch,
    regularizers: [regularizer],
    pretrained: { "conv.weight": valueAt("pretrained conv.weight") },
  });

/** Loss and gradients: one step of gradient descent with rate 1 moves by the gradient. */
async function slope(engine: Engine, { name, batch }: Case): Promise<{ loss: number; gradients: Tensors }> {
  const { regularizer, fed } = MADE[name]!;
  const step = stepWith(regularizer, batch);
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  try {
    const feed = stepFeed(
      { head, targets, optimizer: sgd() },
      {
        inputs: {
          image: recipe({ dims: [batch, 3, SIZE, SIZE], seed: 50, low: -1, high: 1 }),
          ...fed?.(batch),
        },
        targets: Array.from({ length: batch }, (_, n) => (2 * n + Math.floor(n / 3)) % CLASSES),
        weights: Array.from({ length: batch }, (_, n) => Number(n < batch - 1)),
        rate: 1,
        step: 1,
      },
    );
    const results = await program.run(feed, [LOSS]);
    const after = await program.state();
    const moved = Object.keys(step.carry).map((variable): [string, Tensor] => {
      const [from, to] = [step.initial[variable]!, after[variable]!];
      return [
        variable,
        float32(
          from.dims,
          Array.from(from.data as Float32Array, (v, i) => v - Number(to.data[i])),
        ),
      ];
    });
    return { loss: Number(results[LOSS]!.data[0]), gradients: Object.fromEntries(moved) };
  } finally {
    await program.release();
  }
}

const probes = await probeEngines();

describe.each(engineNames)("%s adds the term and its gradient", (engineName) => {
  const probe = probes.find((report) => report.name === engineName)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(engineName);
  });

  it.each(golden.cases)("$name", async (one) => {
    const { loss, gradients } = await slope(engine, one);
    expect(Math.abs(loss - one.loss)).toBeLessThan(golden.tolerance);
    const { own = {}, regularizer } = MADE[one.name]!;
    for (const [variable, expected] of Object.entries(one.gradients)) {
      const name = own[variable] === undefined ? variable : `regularizer.${regularizer.name}.${own[variable]}`;
      const found = gradients[name]!.data as Float32Array;
      const off = expected.map((value, i) => Math.abs(found[i]! - value));
      expect(Math.max(...off), variable).toBeLessThan(golden.tolerance);
    }
  });
});

it("weighs channels by what the loss grows without them, as PyTorch's loss does", async () => {
  const { samples, weights } = golden.channelAttention;
  const image = recipe({ dims: [samples, 3, SIZE, SIZE], seed: 50, low: -1, high: 1 });
  const labels = Array.from({ length: samples }, (_, n) => (2 * n + Math.floor(n / 3)) % CLASSES);
  const attention = await channelAttention({
    engine: await openEngine("onnxruntime"),
    headed: network(),
    head,
    targets,
    data: inMemory("image", { ...image, data: image.data as Float32Array }, labels),
    maps: ["last map"],
    batch: 4,
  });
  for (const [channel, weight] of weights.entries()) {
    expect(Math.abs(attention["last map"]![channel]! - weight)).toBeLessThan(golden.tolerance);
  }
  expect(() => stepWith(regularizers.delta({ maps: ["last map"], attention }), 4)).not.toThrow();
});

it("what a regulariser trains beside the network is not what training leaves", () => {
  const { variables, results, carry } = stepWith(regularizers.coTuning({}, classifier), 4);
  expect(variables).toEqual(["conv.weight", "head.weight", "head.bias"]);
  expect(Object.keys(results)).toEqual(variables);
  expect(Object.keys(carry)).toContain("regularizer.co-tuning.weight");
});

it("names every regulariser as its file", () => {
  const files = readdirSync(import.meta.dirname).map((file) => file.replace(/\.ts$/, ""));
  const inner = ["index", "regularizer", "regularizers.test", "sums"];
  const names = Object.values(regularizers).map((factory) => factory().name);
  expect(names.sort()).toEqual(files.filter((file) => !inner.includes(file)).sort());
  expect(pluginNames(regularizers).sort()).toEqual(names);
});

it("finds what each class looks like to the pretrained classifier", () => {
  const probabilities = float32([3, 2], [0.9, 0.1, 0.5, 0.5, 0.2, 0.8]);
  const found = sourceRelationship(probabilities, [0, 0, 1], 2);
  expect(found.map((row) => row.map((p) => Number(p.toFixed(6))))).toEqual([
    [0.7, 0.3],
    [0.2, 0.8],
  ]);
  expect(() => sourceRelationship(probabilities, [0, 0, 0], 2)).toThrow(
    "[trainers/co-tuning] expected samples of every class; class 1 has none",
  );
});

it.each<[string, () => unknown, string]>([
  [
    "co-tuning without a classifier",
    () => stepWith(regularizers.coTuning(), 4),
    "[trainers/co-tuning] expected the pretrained classifier and its relationship to the classes; received none",
  ],
  [
    "a relationship to other classes",
    () => stepWith(regularizers.coTuning({}, { ...classifier, relationship: [[1, 0]] }), 4),
    "[trainers/co-tuning] expected a relationship of 3 rows of 5; received 1 of 2",
  ],
  [
    "attention that nobody measured",
    () => stepWith(regularizers.delta({ attention: "measured" }), 4),
    "[trainers/delta] expected attention as weights of channels; received measured, which nobody did",
  ],
  [
    "attention of another width",
    () => stepWith(regularizers.delta({ maps: ["last map"], attention: { "last map": [1] } }), 4),
    '[trainers/delta] expected the attention of "last map" to be 6 numbers ≥ 0; received [1]',
  ],
  [
    "a map that is not there",
    () => stepWith(regularizers.delta({ maps: ["none"] }), 4),
    'the graph has no value "none"',
  ],
  [
    "maps that are no list",
    () => regularizers.delta({ maps: "last map" }),
    '[trainers/delta] expected maps to be a list of names; received "last map"',
  ],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(message);
});
