import { efficientnetLite0 } from "@graft-ml/backbones";
import { type Engine, float32, type RunEvent } from "@graft-ml/core";
import { frozen } from "@graft-ml/freezing";
import { mlp } from "@graft-ml/heads";
import * as runtime from "@graft-ml/runtime";
import { inMemory, optimizers, schedules } from "@graft-ml/trainers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { chooseEngine } from "./choose-engine.ts";
import type { FitTask, TrainSettings } from "./fit-head.ts";
import { cutForPhase } from "./variables.ts";

/** Milliseconds that each engine takes longer for a step. */
let delays: Record<string, number> = {};
vi.mock("@graft-ml/runtime", async (original) => {
  const real = await original<typeof runtime>();
  /** ONNX Runtime under another name, held up at every step. */
  const openEngine = async (name: string): Promise<Engine> => {
    const engine = await real.openEngine("onnxruntime");
    return {
      ...engine,
      name,
      async prepare(...args) {
        const program = await engine.prepare(...args);
        return {
          ...program,
          async run(...inputs) {
            await new Promise((resolve) => setTimeout(resolve, delays[name]));
            return program.run(...inputs);
          },
        };
      },
    };
  };
  const probeEngines = async () => Object.keys(delays).map((name) => ({ name, available: true }));
  return { ...real, openEngine: vi.fn(openEngine), probeEngines: vi.fn(probeEngines) };
});

const SAMPLES = 40;
const settings: Omit<TrainSettings, "engine"> = {
  optimizer: optimizers.adamw(),
  schedule: schedules.constant(),
  epochs: 20,
  batch: 8,
  rate: 1e-3,
  patience: 20,
  normalization: "frozen",
};
let task: FitTask;
beforeAll(async () => {
  const backbone = await efficientnetLite0().load();
  const features = float32([SAMPLES, 1280], new Float32Array(SAMPLES * 1280).fill(0.1));
  const targets = Array.from({ length: SAMPLES }, (_, i) => i % 2);
  task = {
    backbone,
    cut: cutForPhase(backbone, frozen().plan(backbone.groups, {}).phases[0]!),
    head: mlp() as FitTask["head"],
    targets: { classes: ["a", "b"] },
    train: inMemory(backbone.card.features, features, targets),
    seed: 0,
  };
});
afterEach(() => vi.clearAllMocks());

describe("the engine that trains", () => {
  test.each([
    ["onnxruntime", { onnxruntime: 1, "tfjs-node": 400 }],
    ["tfjs-node", { onnxruntime: 400, "tfjs-node": 1 }],
    // Present, but never taken unless asked for.
    ["onnxruntime", { onnxruntime: 40, "tfjs-wasm": 1 }],
  ])("with auto is the faster one: %s of %o", async (fastest, times) => {
    delays = times;
    const events: RunEvent[] = [];
    const control = { onEvent: (event: RunEvent) => void events.push(event) };
    expect((await chooseEngine("auto", { ...task, control }, settings)).name).toBe(fastest);
    const told = events.filter((event) => event.type === "notice").map(({ message }) => message.split(":")[0]);
    expect(told).toEqual("tfjs-wasm" in times ? [] : Object.keys(times));
  });

  test("is the default where the run is too short to be worth timing", async () => {
    delays = { onnxruntime: 60, "tfjs-node": 1 };
    expect((await chooseEngine("auto", task, { ...settings, epochs: 5 })).name).toBe("onnxruntime");
    expect(runtime.probeEngines).not.toHaveBeenCalled();
  });

  test("is the one that is asked for, without timing", async () => {
    delays = { onnxruntime: 1, "tfjs-node": 60 };
    expect((await chooseEngine("tfjs-node", task, settings)).name).toBe("tfjs-node");
    expect(runtime.openEngine).toHaveBeenCalledTimes(1);
  });

  test("is chosen without a trace: an interrupted choice ends", async () => {
    delays = { onnxruntime: 1, "tfjs-node": 1 };
    const control = { signal: AbortSignal.abort() };
    await expect(chooseEngine("auto", { ...task, control }, settings)).rejects.toThrow("interrupted");
  });
});
