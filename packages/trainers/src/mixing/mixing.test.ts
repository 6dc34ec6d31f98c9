import { readFile } from "node:fs/promises";
import { float32, int64, kebabCase, seededRandom, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import { graphBuilder, reshape } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { describe, expect, test } from "vitest";
import type { Headed } from "../attach-head.ts";
import { inMemory } from "../batches.ts";
import type { TrainingCheckpoint } from "../checkpoint.ts";
import { adamw, sgd } from "../optimizers/index.ts";
import { constant } from "../schedules/index.ts";
import { softmaxHead } from "../sequences.fixture.ts";
import { stepFeed } from "../step-feed.ts";
import { train } from "../train.ts";
import { LOSS, trainingStep } from "../training-step.ts";
import { symmetricBeta } from "./beta.ts";
import { boxAround, cutmix, paste } from "./cutmix.ts";
import * as mixings from "./index.ts";
import { type MixedValues, mixBatch } from "./mixing.ts";
import { blend, mixup } from "./mixup.ts";

// Expected values: tools/golden/torch_mixing.py, PyTorch loops with the same partners, shares and rectangles.

interface Run {
  readonly name: string;
  readonly mixing: "mixup" | "cutmix";
  readonly optimizer: { readonly name: "sgd" | "adamw"; readonly options: Readonly<Record<string, number>> };
  readonly rate: number;
  readonly classWeights?: readonly number[];
  readonly steps: readonly {
    readonly partners: readonly number[];
    readonly share: number;
    readonly place?: readonly [number, number];
    readonly loss: number;
  }[];
}
interface Golden {
  readonly tolerance: number;
  readonly shape: Readonly<Record<"batch" | "batches" | "classes" | "size" | "channels", number>>;
  readonly weights: Readonly<
    Record<string, { readonly dims: readonly number[]; readonly low: number; readonly high: number }>
  >;
  readonly pictures: { readonly seed: number; readonly low: number; readonly high: number };
  readonly runs: readonly Run[];
}

const golden = JSON.parse(await readFile(new URL("../../golden/torch-mixing.json", import.meta.url), "utf8")) as Golden;
const { shape, pictures } = golden;

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[], seed: number, low: number, high: number): Tensor & { data: Float32Array } {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return { dtype: "float32", dims, data: Float32Array.from({ length: sizeOf(dims) }, value) };
}

/** The network of the script. */
function network(): Headed {
  const g = graphBuilder();
  const weights = Object.entries(golden.weights).map(([name, { dims, low, high }], i): [string, Value] => [
    name,
    g.parameter(name, recipe(dims, i + 1, low, high)),
  ]);
  const of = new Map(weights);
  const x = g.input("image", "float32", ["batch", 3, shape.size, shape.size]);
  const maps = g.op("Relu", [g.op("Conv", [x, of.get("conv.weight")], { pads: [1, 1, 1, 1] })]);
  const pooled = reshape(g, g.op("GlobalAveragePool", [maps]), [-1, shape.channels]);
  const logits = g.op("Gemm", [pooled, of.get("head.weight"), of.get("head.bias")]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, parameters: ["head.weight", "head.bias"] };
}

const targets = { classes: Array.from({ length: shape.classes }, (_, k) => `${k}`) };
const plain = softmaxHead(shape.classes);

/** The head with weights of classes. */
function weighing(weights: readonly number[] | undefined): typeof plain {
  if (weights === undefined) return plain;
  const weigh: NonNullable<typeof plain.weigh> = ({ target }, g) =>
    g.op("Squeeze", [
      g.op("MatMul", [target, g.constant(float32([weights.length, 1], weights))]),
      g.constant(int64([1], [1])),
    ]);
  return { ...plain, weigh };
}

function pictureBatch(k: number): { readonly image: MixedValues; readonly labels: readonly number[] } {
  const { batch, classes, size } = shape;
  return {
    image: recipe([batch, 3, size, size], pictures.seed + k, pictures.low, pictures.high),
    labels: Array.from({ length: batch }, (_, n) => (n + Math.floor(n / 3) + k) % classes),
  };
}

const probes = await probeEngines();

describe.each(engineNames)("%s trains on mixtures as PyTorch does", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    test.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }

  test.each(golden.runs)("$name", async (run) => {
    const engine = await openEngine(name);
    const optimizer = { adamw, sgd }[run.optimizer.name](run.optimizer.options);
    const head = weighing(run.classWeights);
    const mixing = { mixup, cutmix }[run.mixing]();
    const rates = { "conv.weight": 1 };
    const spec = { headed: network(), head, targets, rates, normalization: "frozen", optimizer } as const;
    const step = trainingStep({ ...spec, batch: shape.batch, mixing });
    const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
    for (const [i, { partners, share, place, loss }] of run.steps.entries()) {
      const { image, labels } = pictureBatch(i % shape.batches);
      const box = place && boxAround(shape.size, shape.size, share, ...place);
      const mixed = box === undefined ? blend(image, partners, share) : paste(image, partners, box, "NCHW");
      const own = box === undefined ? share : 1 - ((box.right - box.left) * (box.bottom - box.top)) / shape.size ** 2;
      const feed = stepFeed(
        { head, targets, optimizer },
        {
          inputs: { image: { ...image, data: mixed } },
          targets: labels,
          partners: { targets: partners.map((k) => labels[k]!), shares: partners.map(() => own) },
          rate: run.rate,
          step: i + 1,
        },
      );
      const found = Number((await program.run(feed, [LOSS]))[LOSS]!.data[0]);
      expect(Math.abs(found - loss), `step ${i + 1}: ${found}, PyTorch ${loss}`).toBeLessThan(golden.tolerance);
    }
    await program.release();
  });
});

describe("in training", () => {
  const { batch, batches } = shape;
  const all = Array.from({ length: batches }, (_, k) => pictureBatch(k));
  const values = float32(
    [batch * batches - 2, 3, shape.size, shape.size],
    all.flatMap(({ image }) => [...image.data]).slice(0, -2 * 3 * shape.size ** 2),
  ) as MixedValues;
  const data = inMemory("image", values, all.flatMap(({ labels }) => labels).slice(0, -2));
  const options = async (mixing?: ReturnType<typeof mixup>) => ({
    engine: await openEngine("onnxruntime"),
    headed: network(),
    head: plain,
    targets,
    rates: { "conv.weight": 1 },
    normalization: "frozen" as const,
    optimizer: sgd({ momentum: 0.9 }),
    data,
    epochs: 3,
    batch,
    rate: 0.05,
    schedule: constant(),
    patience: 9,
    seed: 4,
    ...(mixing && { mixing }),
  });

  test("the same seed mixes the same, another one and no mixing otherwise", async () => {
    const [first, again, without] = [
      await train(await options(mixup())),
      await train(await options(mixup())),
      await train(await options()),
    ];
    const other = await train({ ...(await options(mixup())), seed: 5 });
    expect(again).toEqual(first);
    expect(without.steps).not.toEqual(first.steps);
    expect(other.steps).not.toEqual(first.steps);
  });

  test.each([mixup(), cutmix()])("$name goes on from the middle of an epoch to the same weights", async (mixing) => {
    const whole = await train(await options(mixing));
    const stop = new AbortController();
    let saved: TrainingCheckpoint | undefined;
    let steps = 0;
    const onEvent = (event: { readonly type: string }): void => {
      if (event.type === "progress" && ++steps === 4) stop.abort();
    };
    const onCheckpoint = (checkpoint: TrainingCheckpoint): void => void (saved = checkpoint);
    const stopped = { ...(await options(mixing)), control: { onEvent, signal: stop.signal }, onCheckpoint };
    await expect(train(stopped)).rejects.toMatchObject({ code: "interrupted" });
    expect(saved?.history.steps).toHaveLength(4);
    const resumed = await train({ ...(await options(mixing)), resume: saved! });
    expect(resumed).toEqual(whole);
  });

  test("validation sees samples as they are", async () => {
    const rate = 1e-9;
    const judged = { rate, validation: data, epochs: 1 };
    const { validation } = await train({ ...(await options(mixup({ alpha: 50 }))), ...judged });
    const { validation: without } = await train({ ...(await options()), ...judged });
    expect(Math.abs(validation[0]! - without[0]!)).toBeLessThan(1e-5);
  });
});

describe.each(Object.entries(mixings))("%s", (key, factory) => {
  const image = pictureBatch(0).image;

  test("is a plugin", () => {
    expect(factory().name).toBe(kebabCase(key));
    expect(factory(JSON.parse(JSON.stringify(factory().options))).options).toEqual(factory().options);
    expect(() => factory({ beta: 1 })).toThrow(`[trainers/${key}] unknown option "beta"; known: alpha`);
    expect(() => factory({ alpha: 0 })).toThrow(
      `[trainers/${key}] expected alpha to be a number ≥ 0.001 ≤ 1000; received 0`,
    );
  });

  test("mixes only samples that are there, and what fills the batch with nobody", () => {
    const partners = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const context = { random: seededRandom(seed), layout: "NCHW" } as const;
      const mixed = mixBatch(factory(), { image }, 4, context);
      expect(mixed.partners.slice(0, 4).sort()).toEqual([0, 1, 2, 3]);
      expect(mixed.partners.slice(4)).toEqual([4, 5]);
      expect(mixed.shares.every((share) => share >= 0 && share <= 1 && share === mixed.shares[0])).toBe(true);
      partners.add(mixed.partners[0]!);
    }
    expect(partners.size).toBe(4);
  });

  test("mixes targets by what is left of a sample", () => {
    // Samples of one value each: what is in a mixture can be read off its mean.
    const flat: MixedValues = { ...image, data: image.data.map((_, i) => Math.floor(i / (3 * shape.size ** 2))) };
    for (let seed = 0; seed < 20; seed++) {
      const mixed = mixBatch(factory(), { image: flat }, 6, { random: seededRandom(seed), layout: "NCHW" });
      const found = mixed.inputs.image!.data as Float32Array;
      for (const [i, partner] of mixed.partners.entries()) {
        const own = found.subarray(i * 3 * shape.size ** 2, (i + 1) * 3 * shape.size ** 2);
        const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
        expect(mean).toBeCloseTo(mixed.shares[i]! * i + (1 - mixed.shares[i]!) * partner, 4);
      }
    }
  });

  test("refuses what cannot be mixed", () => {
    const context = { random: seededRandom(0), layout: "NCHW" } as const;
    const mask = int64([2, 3], [1, 1, 1, 1, 1, 0]);
    expect(() =>
      mixBatch(factory(), { hidden: float32([2, 3], new Array<number>(6).fill(0)), mask }, 2, context),
    ).toThrow(
      `[trainers/${key}] expected one input of numbers that can be mixed; received "mask" (int64) among them. Leave mixing out, or freeze up to the features`,
    );
  });
});

test("pictures are cut in either layout", () => {
  const nchw = pictureBatch(0).image;
  const [n, c, h, w] = nchw.dims as [number, number, number, number];
  const turned = (data: Float32Array): Float32Array =>
    Float32Array.from(data, (_, i) => {
      const [channel, place] = [i % c, Math.floor(i / c)];
      return data[(Math.floor(place / (h * w)) * c + channel) * h * w + (place % (h * w))]!;
    });
  const box = { left: 1, top: 2, right: 6, bottom: 5 };
  const partners = [1, 0, 3, 4, 5, 2];
  const nhwc = { ...nchw, dims: [n, h, w, c], data: turned(nchw.data) };
  expect(paste(nhwc, partners, box, "NHWC")).toEqual(turned(paste(nchw, partners, box, "NCHW")));
});

test("cutmix needs two dimensions to cut", () => {
  const features = float32([2, 3], [1, 2, 3, 4, 5, 6]);
  expect(() => mixBatch(cutmix(), { features }, 2, { random: seededRandom(0), layout: "NCHW" })).toThrow(
    "[trainers/cutmix] expected pictures or maps of features to cut, [batch, …] of 4 dimensions; received [2, 3]. Use mixup, or thaw a layer below",
  );
});

test.each([0.1, 0.2, 1, 4])("shares are drawn from Beta(%d, the same)", (alpha) => {
  const random = seededRandom(1);
  const draws = Array.from({ length: 20000 }, () => symmetricBeta(alpha, random));
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / draws.length;
  expect(draws.every((value) => value >= 0 && value <= 1)).toBe(true);
  const expected = 1 / (4 * (2 * alpha + 1));
  expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(expected / draws.length));
  expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04);
});
