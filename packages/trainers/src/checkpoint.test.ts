import { type Engine, float32, type Tensors, type Value } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import type { Headed } from "./attach-head.ts";
import { inMemory } from "./batches.ts";
import type { TrainingCheckpoint } from "./checkpoint.ts";
import { adamw, sgd } from "./optimizers/index.ts";
import { balanced } from "./samplers/index.ts";
import { oneCycle } from "./schedules/index.ts";
import { sequenceNetwork, sequences, softmaxHead, wild } from "./sequences.fixture.ts";
import { type Trained, type TrainOptions, train } from "./train.ts";

const FEATURES = 5;
const CLASSES = 3;
const HIDDEN = 4;
const head = softmaxHead(CLASSES);

/** Matrix, batch normalisation, matrix. */
function network(): Headed {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", FEATURES]);
  const parameter = (name: string, dims: readonly number[], values: ArrayLike<number>): Value =>
    g.parameter(name, float32(dims, values));
  const hidden = g.op("MatMul", [x, parameter("body.weight", [FEATURES, HIDDEN], wild(FEATURES * HIDDEN, 1))]);
  const norm = ["scale", "bias", "mean", "variance"].map((part, i) =>
    parameter(`norm.${part}`, [HIDDEN], new Array<number>(HIDDEN).fill([1, 0, 0, 1][i]!)),
  );
  const active = g.op("Relu", [g.op("BatchNormalization", [hidden, ...norm], { epsilon: { float: 1e-3 } })]);
  const logits = g.op("Gemm", [
    active,
    parameter("head.weight", [HIDDEN, CLASSES], wild(HIDDEN * CLASSES, 2)),
    parameter("head.bias", [CLASSES], [0, 0, 0]),
  ]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, parameters: ["head.weight", "head.bias"] };
}

function samples(count: number, seed: number): TrainOptions<number>["data"] {
  const labels = wild(count, seed + 1).map((value) => Math.floor(((value + 1) / 2) * CLASSES));
  return inMemory("x", float32([count, FEATURES], wild(count * FEATURES, seed)), labels);
}

type Settings = Omit<TrainOptions<number>, "engine">;

const base: Settings = {
  headed: network(),
  head,
  targets: { classes: ["a", "b", "c"] },
  rates: { "body.weight": 0.5, "norm.scale": 1, "norm.bias": 1 },
  normalization: "frozen",
  optimizer: adamw(),
  data: samples(22, 3),
  epochs: 4,
  batch: 8,
  rate: 0.05,
  schedule: oneCycle(),
  patience: 4,
  seed: 11,
};

const cases: readonly (readonly [string, Settings])[] = [
  ["AdamW with held-out samples", { ...base, validation: samples(9, 5) }],
  // At this rate the best epoch comes early, so that the count of bad ones is what has to be remembered.
  ["stopping early", { ...base, validation: samples(9, 5), rate: 0.9, epochs: 8, patience: 2 }],
  ["gathered gradients and averaged weights", { ...base, validation: samples(9, 5), accumulate: 2, ema: 0.9 }],
  ["balanced classes", { ...base, sampler: balanced() }],
  [
    "momentum, live statistics, clipping",
    { ...base, normalization: "live", optimizer: sgd({ momentum: 0.9 }), clipNorm: 0.5 },
  ],
  [
    "sequences of three paddings",
    {
      ...base,
      headed: sequenceNetwork(CLASSES),
      rates: { "body.weight": 0.5 },
      data: sequences(22, CLASSES, 3),
      validation: sequences(9, CLASSES, 5),
    },
  ],
];

function bits(values: Tensors): Record<string, string> {
  const hex = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, hex(data)]));
}

/** Trains until `stopAfter` steps are done, as one who presses Ctrl-C then, and returns the last checkpoint. */
async function stopped(
  options: TrainOptions<number>,
  stopAfter: number,
): Promise<{ last: TrainingCheckpoint | undefined; finished: Trained | undefined }> {
  const stop = new AbortController();
  let last: TrainingCheckpoint | undefined;
  const run = train({
    ...options,
    onCheckpoint: (checkpoint) => void (last = structuredClone(checkpoint)),
    control: {
      signal: stop.signal,
      onEvent: (event) => void (event.type === "progress" && event.done === stopAfter && stop.abort()),
    },
  });
  const finished = await run.catch((error: unknown) => {
    expect(error).toMatchObject({ code: "interrupted" });
    return undefined;
  });
  return { last, finished };
}

const probes = await probeEngines();

describe.each(engineNames)("%s goes on from a checkpoint", (name) => {
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

  it.each(cases)("%s: stopped after any step, the same bits", async (title, settings) => {
    const whole = await train({ ...settings, engine });
    if (title === "stopping early") expect(whole.loss.length).toBeLessThan(settings.epochs);
    expect(whole.steps.length).toBeGreaterThan(6);
    for (let step = 1; step <= whole.steps.length; step++) {
      const { last, finished } = await stopped({ ...settings, engine }, step);
      // After the last step there is nothing left to interrupt, but the checkpoint has to be final, too.
      expect(finished !== undefined).toBe(step === whole.steps.length);
      expect(last!.history.steps).toHaveLength(step);
      const resumed = await train({ ...settings, engine, resume: last! });
      expect(bits(resumed.values)).toEqual(bits(whole.values));
      const { values: _, ...told } = resumed;
      const { values: __, ...expected } = whole;
      expect(told).toEqual(expected);
    }
  });
});

describe("a checkpoint of another training is refused", () => {
  const refused = async (
    change: (checkpoint: TrainingCheckpoint) => TrainingCheckpoint,
    settings: Partial<Settings> = {},
  ): Promise<string> => {
    const engine = await openEngine("onnxruntime");
    const { last } = await stopped({ ...base, validation: samples(9, 5), engine }, 4);
    const options = { ...base, validation: samples(9, 5), ...settings, engine, resume: change(last!) };
    return train(options).then(
      () => "nothing",
      (error: Error) => error.message,
    );
  };

  it.each<[string, (checkpoint: TrainingCheckpoint) => TrainingCheckpoint, Partial<Settings>]>([
    ['expected the value "body.weight/m" as float32 [5, 4]; received none', withoutSlots, {}],
    ['expected no value "body.weight/m"; received one', (whole) => whole, { optimizer: sgd() }],
    ['expected no value "extra"; received one', (c) => ({ ...c, state: { ...c.state, extra: float32([], [1]) } }), {}],
    [
      'expected the best value "head.bias" as float32 [3]; received float32 [4]',
      (c) => ({ ...c, best: { ...c.best!, values: { ...c.best!.values, "head.bias": float32([4], [0, 0, 0, 0]) } } }),
      {},
    ],
    [
      "expected 0 to 2 steps of the epoch under way; received 4",
      (c) => ({ ...c, history: { ...c.history, loss: [] } }),
      {},
    ],
    ["expected 0 to 1 steps of the epoch under way; received 2", (whole) => whole, { batch: 11 }],
    ["expected 5 numbers of random state; received 2", (c) => ({ ...c, random: [1, 2] }), {}],
    ["expected 1 for the best epoch; received 7", (c) => ({ ...c, best: { ...c.best!, epoch: 7 } }), {}],
    ["expected a best epoch; received none", ({ best: _, ...c }) => c, {}],
  ])("%s", async (message, change, settings) => {
    expect(await refused(change, settings)).toBe(
      `[trainers/train] the checkpoint is of another training: ${message}. Start afresh, or use the settings it was made with`,
    );
  });
});

function withoutSlots(checkpoint: TrainingCheckpoint): TrainingCheckpoint {
  const state = Object.entries(checkpoint.state).filter(([name]) => !name.endsWith("/m"));
  return { ...checkpoint, state: Object.fromEntries(state) };
}
