import { type Engine, seededRandom, type Tensors } from "@graft-ml/core";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it, test } from "vitest";
import { padded, type SampleBatch, trainedBatches } from "./batches.ts";
import { adamw } from "./optimizers/adamw.ts";
import { oneCycle } from "./schedules/one-cycle.ts";
import { sequenceNetwork, sequences, softmaxHead } from "./sequences.fixture.ts";
import { stepFeed } from "./step-feed.ts";
import { stepBindings } from "./step-programs.ts";
import { type TrainOptions, train } from "./train.ts";
import { LOSS, trainingStep } from "./training-step.ts";

const CLASSES = 3;
const LONGEST = 16;
const settings: Omit<TrainOptions<number>, "engine"> = {
  headed: sequenceNetwork(CLASSES),
  head: softmaxHead(CLASSES),
  targets: { classes: ["a", "b", "c"] },
  rates: { "body.weight": 0.5 },
  normalization: "frozen",
  optimizer: adamw(),
  data: sequences(22, CLASSES, 3),
  epochs: 3,
  batch: 4,
  rate: 0.05,
  schedule: oneCycle(),
  patience: 3,
  seed: 11,
};

/** The engine, and what is prepared of it: inputs that are fed, programs that are alive. */
function watched(engine: Engine): { readonly engine: Engine; readonly prepared: string[]; alive(): number } {
  const prepared: string[] = [];
  let alive = 0;
  return {
    prepared,
    alive: () => alive,
    engine: {
      ...engine,
      async prepare(graph, options) {
        const program = await engine.prepare(graph, options);
        const mask = graph.inputs.find(({ name }) => name === "mask")!;
        prepared.push(`${mask.dims.join(" × ")}${options?.shares === undefined ? "" : " shared"}`);
        alive++;
        const release = program.release.bind(program);
        program.release = () => {
          alive--;
          return release();
        };
        return program;
      },
    },
  };
}

const probes = await probeEngines();

describe.each(engineNames)("%s trains on sequences", (name) => {
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

  it("with a program a padding as with one for the longest", async () => {
    const { steps, values } = await train({ ...settings, engine });
    const expected = await onOneProgram(engine, steps.length);
    expect(steps).toHaveLength(18);
    for (const [i, loss] of steps.entries()) expect(loss).toBeCloseTo(expected.losses[i]!, 5);
    for (const [variable, { data }] of Object.entries(values)) {
      for (const [i, value] of (data as Float32Array).entries())
        expect(value).toBeCloseTo(Number(expected.state[variable]!.data[i]), 4);
    }
  });

  it("and prepares what is needed, once, and releases it", async () => {
    const watch = watched(engine);
    const validation = sequences(9, CLASSES, 5);
    await train({ ...settings, engine: watch.engine, validation });
    // The longest padding, the validation's graph of any length, and the others as they come.
    expect(watch.prepared[0]).toBe("4 × 12");
    expect(watch.prepared[1]).toBe("4 × tokens");
    expect(watch.prepared.slice(2).sort()).toEqual(["4 × 4 shared", "4 × 8 shared"]);
    expect(watch.alive()).toBe(0);
  });

  it.each([1, 2])("and releases it when program %i cannot be prepared", async (last) => {
    const watch = watched(engine);
    const prepare: Engine["prepare"] = async (graph, options) => {
      if (watch.prepared.length === last) throw new Error("no memory");
      return watch.engine.prepare(graph, options);
    };
    const validation = sequences(9, CLASSES, 5);
    await expect(train({ ...settings, engine: { ...engine, prepare }, validation })).rejects.toThrow("no memory");
    expect(watch.prepared).toHaveLength(last);
    expect(watch.alive()).toBe(0);
  });

  it("measures held-out sequences as training would", async () => {
    const data = sequences(12, CLASSES, 3);
    // Nothing is learned, so that the held-out loss is that of the batches.
    const { loss, validation } = await train({ ...settings, engine, data, validation: data, rate: 0, epochs: 1 });
    expect(validation[0]).toBeCloseTo(loss[0]!, 5);
  });
});

/** Trains on the same batches, all of them padded to one length. */
async function onOneProgram(engine: Engine, count: number): Promise<{ losses: number[]; state: Tensors }> {
  const { batch, data, headed, rate, schedule } = settings;
  const step = trainingStep({ ...settings, batch, bindings: stepBindings(headed.graph, batch, LONGEST) });
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const random = seededRandom(settings.seed).fork("batches");
  const batches: SampleBatch[] = [];
  for (let epoch = 0; epoch < settings.epochs; epoch++) batches.push(...trainedBatches(data, batch, random, "frozen"));
  expect(batches).toHaveLength(count);
  expect(new Set(batches.map(({ tokens }) => tokens))).toEqual(new Set([4, 8, 12]));
  const losses: number[] = [];
  for (const [i, wanted] of batches.entries()) {
    const { indices } = padded(wanted, batch);
    const feed = stepFeed(settings, {
      inputs: await data.feed({ indices, tokens: LONGEST }),
      targets: indices.map((index) => data.targets[index]!),
      weights: indices.map((_, k) => (k < wanted.indices.length ? 1 : 0)),
      rate: rate * schedule.multiple(i, count),
      step: i + 1,
    });
    losses.push(Number((await program.run(feed, [LOSS]))[LOSS]!.data[0]));
  }
  const state = await program.state();
  await program.release();
  return { losses, state };
}

test("sequences need paddings that hold them", async () => {
  const engine = await openEngine("onnxruntime");
  const { paddings: _, ...data } = settings.data;
  const run = (source: TrainOptions<number>["data"]) => train({ ...settings, engine, data: source });
  await expect(run(data)).rejects.toThrow(
    "[trainers/train] expected paddings up to 12 tokens beside the samples' lengths; received none",
  );
  await expect(run({ ...data, paddings: [4, 8] })).rejects.toThrow(
    "[trainers/train] expected paddings up to 12 tokens beside the samples' lengths; received 4, 8",
  );
});
