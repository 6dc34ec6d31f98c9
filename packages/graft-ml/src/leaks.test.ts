import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine } from "@graft-ml/runtime";
import * as ort from "onnxruntime-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { efficientnetLite0, inspect, last, load, mlp, transfer } from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(6);
  scratch = await mkdtemp(join(tmpdir(), "graft-leaks-"));
  // What an engine asks of its build once and for all is not counted.
  await openEngine("onnxruntime");
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

describe("ONNX Runtime: every session that a public call opens is released", () => {
  let open = 0;
  let opened = 0;
  beforeEach(() => {
    [open, opened] = [0, 0];
    const create = ort.InferenceSession.create.bind(ort.InferenceSession) as (
      ...args: unknown[]
    ) => Promise<ort.InferenceSession>;
    vi.spyOn(ort.InferenceSession, "create").mockImplementation((async (...args: unknown[]) => {
      const session = await create(...args);
      open++;
      opened++;
      const release = session.release.bind(session);
      session.release = async () => {
        open--;
        await release();
      };
      return session;
    }) as never);
  });
  afterEach(() => vi.restoreAllMocks());
  const cache = () => join(scratch, "cache");

  test("transfer, predict, save, load, evaluate", async () => {
    const result = await transfer({ data, cache: cache() });
    expect(open).toBe(0);
    await result.predict([join(data, "disc", "0.png")]);
    const folder = await result.save(join(scratch, "bundle"));
    await result.release();
    expect(open).toBe(0);
    const bundle = await load(folder);
    await bundle.predict([join(data, "disc", "0.png")]);
    await bundle.evaluate(data);
    await bundle.release();
    expect(open).toBe(0);
    expect(opened).toBe(3);
  });

  test("training, inspecting, and an abort in the middle", async () => {
    await transfer({ data, cache: cache(), freezing: last({ groups: 1 }), epochs: 1, engine: "onnxruntime" });
    await inspect(efficientnetLite0(), { freezing: last({ groups: 1 }) });
    const stop = new AbortController();
    const onEvent = (event: { type: string; stage?: string }) => void (event.type === "progress" && stop.abort());
    const signal = stop.signal;
    await expect(
      transfer({
        data,
        cache: join(scratch, "cold"),
        head: mlp(),
        engine: "onnxruntime",
        control: { signal, onEvent },
      }),
    ).rejects.toMatchObject({ code: "interrupted" });
    expect(open).toBe(0);
  });
});

test("TensorFlow.js: as many tensors after a run as before", async () => {
  const tf = await import("@tensorflow/tfjs-core");
  const fit = () =>
    transfer({ data, cache: join(scratch, "cache"), head: mlp({ hidden: 8 }), epochs: 2, engine: "tfjs-wasm" });
  const first = await fit();
  const before = tf.memory().numTensors;
  const second = await fit();
  expect(first.summary.engine.train).toBe("tfjs-wasm");
  expect(tf.memory().numTensors).toBe(before);
  expect(second.summary.train.loss).toEqual(first.summary.train.loss);
});
