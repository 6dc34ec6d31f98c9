import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, type Head, type RunEvent, type Tensors } from "@graft-ml/core";
import { regularizers, samplers } from "@graft-ml/trainers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { last, linear, mlp, optimizers, schedules, type TransferOptions, transfer } from "../index.ts";
import { pictureFolder } from "../pictures/pictures.fixture.ts";
import { checkpointBytes, readCheckpoint } from "./checkpoint-file.ts";

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(8);
  scratch = await mkdtemp(join(tmpdir(), "graft-checkpoints-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

// 24 pictures, of which 6 are tests and 3 held out: 15 to train on, 4 steps an epoch.
const head = mlp({ hidden: 6 }) as Head;
const base = { head, epochs: 3, batch: 4, seed: 2, engine: "onnxruntime" } as const;
type Settings = Omit<TransferOptions, "data">;

interface Ran {
  readonly notices: readonly string[];
  /** Bytes of the exported model, or the error. */
  readonly model?: Buffer;
  readonly engine?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Fits and saves; `stopAt` aborts when so many steps are done. */
async function run(settings: Settings, stopAt?: number, pictures: string = data): Promise<Ran> {
  const notices: string[] = [];
  const stop = new AbortController();
  const onEvent = (event: RunEvent): void => {
    if (event.type === "notice") notices.push(event.message);
    if (event.type === "progress" && event.stage === "train" && event.done === stopAt) stop.abort();
  };
  try {
    const control = { onEvent, signal: stop.signal };
    const result = await transfer({ data: pictures, cache: join(scratch, "cache"), ...settings, control });
    const folder = await result.save(await mkdtemp(join(scratch, "out-")));
    await result.release();
    return {
      notices,
      model: await readFile(join(folder, "model.onnx")),
      engine: result.summary.engine.train,
    };
  } catch (error) {
    return { notices, error: error as NonNullable<Ran["error"]> };
  }
}

let count = 0;
const newFolder = (): string => join(scratch, `run-${count++}.partial`);
const file = (folder: string): string => join(folder, "checkpoint.safetensors");

describe("a run that was stopped goes on to the same file", () => {
  test.each<[string, Settings, readonly number[]]>([
    ["a head, stopped in the middle of an epoch and at the end of one", base, [3, 8]],
    ["thawed layers", { ...base, head: linear() as Head, freezing: last({ groups: 1 }), epochs: 2 }, [6]],
  ])("%s", async (_, settings, stops) => {
    const whole = await run(settings);
    const checkpoint = newFolder();
    for (const [i, stop] of stops.entries()) {
      const stopped = await run({ ...settings, checkpoint, resume: i > 0 }, stop);
      expect(stopped.error).toMatchObject({ code: "interrupted" });
      expect(await readdir(checkpoint)).toEqual(["checkpoint.safetensors"]);
    }
    const resumed = await run({ ...settings, checkpoint, resume: true });
    expect(resumed.error).toBeUndefined();
    expect(resumed.model!.equals(whole.model!)).toBe(true);
    await expect(readdir(checkpoint)).rejects.toThrow("ENOENT");
  });

  test("on the engine that it began on", async () => {
    const { engine: _, ...settings } = base;
    const checkpoint = newFolder();
    await run({ ...settings, engine: "tfjs-wasm", checkpoint }, 5);
    const resumed = await run({ ...settings, checkpoint, resume: true });
    expect(resumed.notices).toEqual([
      `[graft/checkpoint] going on from ${file(checkpoint)}, made after epoch 1 (step 5)`,
    ]);
    expect(resumed.engine).toBe("tfjs-wasm");
    const whole = await run({ ...settings, engine: "tfjs-wasm" });
    expect(resumed.model!.equals(whole.model!)).toBe(true);
  });
});

describe("a checkpoint of another run", () => {
  let checkpoint: string;
  let left: Buffer;
  beforeAll(async () => {
    checkpoint = newFolder();
    await run({ ...base, checkpoint }, 6);
    left = await readFile(file(checkpoint));
  });

  test.each<[string, Settings]>([
    ["its seed is 2, this run's 3", { seed: 3 }],
    ["its epochs is 3, this run's 4", { epochs: 4 }],
    ["its batch is 4, this run's 5", { batch: 5 }],
    ["its learning rate is 0.001, this run's 0.01", { rate: 0.01 }],
    ["its patience is 5, this run's 2", { patience: 2 }],
    ["its clipping norm is none, this run's 1", { clipNorm: 1 }],
    ["its engine is onnxruntime, this run's tfjs-wasm", { engine: "tfjs-wasm" }],
    ["its accumulated batches is 1, this run's 2", { accumulate: 2 }],
    ["its averaging decay is none, this run's 0.9", { ema: 0.9 }],
    ["its sampler is none, this run's balanced", { sampler: samplers.balanced() }],
    ["its regularizers is none, this run's l2-sp", { regularizers: [regularizers.l2Sp()] }],
    ["its optimizer is adamw, this run's sgd", { optimizer: optimizers.sgd() }],
    ["its optimizer has other options", { optimizer: optimizers.adamw({ epsilon: 1e-7 }) }],
    ["its learning rates rise and fall in another way", { schedule: schedules.constant() }],
    ["its freezing is frozen, this run's last", { freezing: last({ groups: 1 }), rate: 1e-3 }],
    ["its head is mlp, this run's linear", { head: linear() as Head }],
    ["its head has other options", { head: mlp({ hidden: 7 }) as Head }],
    ["its samples, classes or split are others", { test: 0.5 }],
  ])("is refused: %s", async (difference, settings) => {
    const { error, notices } = await run({ ...base, ...settings, checkpoint, resume: true });
    expect(error!.message).toBe(
      `[graft/checkpoint] cannot go on from ${file(checkpoint)}: ${difference}. Give the settings of that run, or leave --resume out to start afresh`,
    );
    expect([error!.code, notices]).toEqual(["input", []]);
    expect((await readFile(file(checkpoint))).equals(left)).toBe(true);
  });

  test("is refused where the head is solved, which never needs one", async () => {
    const { error } = await run({ checkpoint, resume: true });
    expect(error!.message).toMatch(/is of a run that trains; this one solves its head\. Give the settings of that run/);
    for (const settings of [{ checkpoint }, { checkpoint: newFolder(), resume: true }])
      expect(await run(settings)).toMatchObject({ notices: [], engine: "solver:logistic" });
    expect((await readFile(file(checkpoint))).equals(left)).toBe(true);
  });

  test("is told and replaced without resume", async () => {
    const mine = newFolder();
    await mkdir(mine);
    await writeFile(file(mine), left);
    const { notices, error } = await run({ ...base, seed: 3, checkpoint: mine }, 2);
    expect(error).toMatchObject({ code: "interrupted" });
    expect(notices).toEqual([
      `[graft/checkpoint] starting afresh; ${file(mine)} is of another run (its seed is 2, this run's 3) and will be replaced`,
    ]);
    expect((await readCheckpoint(file(mine)))!.training.history.steps).toHaveLength(2);
  });
});

describe("without resume", () => {
  test("a leftover of this run is told, survives a stop in the first epoch, and is replaced after it", async () => {
    const checkpoint = newFolder();
    await run({ ...base, checkpoint }, 6);
    const told = [
      `[graft/checkpoint] starting afresh; --resume would go on from ${file(checkpoint)}, made after epoch 1 (step 6)`,
    ];
    const steps = async (): Promise<number> => (await readCheckpoint(file(checkpoint)))!.training.history.steps.length;
    expect((await run({ ...base, checkpoint }, 2)).notices).toEqual(told);
    expect(await steps()).toBe(6);
    expect((await run({ ...base, checkpoint }, 5)).notices).toEqual(told);
    expect(await steps()).toBe(5);
  });

  test("no checkpoint is written where none is asked for, and resume alone is refused", async () => {
    expect((await run({ ...base, resume: true })).error!.message).toBe(
      "[graft/transfer] expected checkpoint, the folder to go on from, together with resume; received none. Name it",
    );
  });
});

describe("a checkpoint that is", () => {
  test("not there: training starts from the beginning and says so", async () => {
    const checkpoint = newFolder();
    const { notices, model } = await run({ ...base, epochs: 1, checkpoint, resume: true });
    expect(notices).toEqual([
      `[graft/checkpoint] there is no ${file(checkpoint)} to go on from; training starts from the beginning`,
    ]);
    expect(model).toBeDefined();
  });

  test("damaged: refused with resume, replaced without", async () => {
    const checkpoint = newFolder();
    await run({ ...base, checkpoint }, 6);
    const whole = await readFile(file(checkpoint));
    for (const damaged of [whole.subarray(0, 9000), Buffer.from("no checkpoint"), Buffer.alloc(0)]) {
      await writeFile(file(checkpoint), damaged);
      const { error } = await run({ ...base, checkpoint, resume: true });
      expect(error!.code).toBe("input");
      expect(error!.message).toMatch(
        /^\[graft\/checkpoint\] cannot go on from .*: \[data\/safetensors\] .*\. Leave --resume out to start afresh$/,
      );
    }
    const { notices } = await run({ ...base, checkpoint }, 2);
    expect(notices).toEqual([
      `[graft/checkpoint] starting afresh; ${file(checkpoint)} cannot be read and will be replaced`,
    ]);
    expect(await readCheckpoint(file(checkpoint))).toBeDefined();
  });

  test("not writable: the run ends all the same, and says what it lacks", async () => {
    const checkpoint = join(scratch, "no-folder");
    await writeFile(checkpoint, "");
    const { notices, error } = await run({ ...base, checkpoint }, 6);
    expect(error).toMatchObject({ code: "interrupted" });
    expect(notices).toEqual([
      expect.stringMatching(/^\[graft\/checkpoint\] cannot write .* \(E.*\); this run could not be gone on with$/),
    ]);
  });
});

test("a checkpoint's file gives every bit back", async () => {
  const odd = Float32Array.of(-0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 0.1);
  const values: Tensors = { "a/b": float32([5], odd), best: float32([], [3]), __proto__x: float32([0], []) };
  const training = {
    state: values,
    history: { steps: [0.1, 1 / 3], loss: [0.1 + 0.2], validation: [5e-324] },
    best: { loss: 5e-324, epoch: 1, values },
    random: [-1, 2 ** 31 - 1, 0, 7, Number.NaN],
  };
  const report = {
    boundary: "x",
    parameters: 7,
    head: 2,
    engine: "onnxruntime",
    epochs: 1,
    loss: [0.1 + 0.2],
    validation: [],
    method: { steps: [1 / 3] },
    seconds: { recut: 0, train: 1 },
  };
  const stored = { identity: { seed: 3, head: "mlp#1" }, finished: { reports: [report], values }, training };
  const path = join(scratch, "bits.safetensors");
  await writeFile(path, checkpointBytes(stored));
  const read = await readCheckpoint(path);
  expect(read).toEqual(stored);
  expect(Object.is((read!.training.state["a/b"]!.data as Float32Array)[0], -0)).toBe(true);
});
