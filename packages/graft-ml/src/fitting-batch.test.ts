import { efficientnetLite0 } from "@graft-ml/backbones";
import type { Engine, RunEvent } from "@graft-ml/core";
import { last } from "@graft-ml/freezing";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { optimizers, schedules } from "@graft-ml/trainers";
import { beforeAll, describe, expect, test } from "vitest";
import type { FitTask } from "./fit-head.ts";
import { fittingBatch } from "./fitting-batch.ts";
import { cutForPhase } from "./variables.ts";

let engine: Engine;
let task: Parameters<typeof fittingBatch>[1];
const events: RunEvent[] = [];
beforeAll(async () => {
  engine = await openEngine("onnxruntime");
  const backbone = await efficientnetLite0().load();
  task = {
    backbone,
    cut: cutForPhase(backbone, last({ groups: 1 }).plan(backbone.groups, {}).phases[0]!),
    head: linear() as FitTask["head"],
    targets: { classes: ["a", "b"] },
    train: {},
    seed: 0,
    control: { onEvent: (event) => void events.push(event) },
  };
});
const settings = {
  optimizer: optimizers.adamw(),
  schedule: schedules.constant(),
  epochs: 1,
  rate: 1e-3,
  patience: 1,
  normalization: "frozen" as const,
};

describe("a batch and the memory that is free", () => {
  test("stays whole where it fits, without a word", () => {
    events.length = 0;
    expect(fittingBatch(engine, task, { ...settings, batch: 33 }, 64e9)).toBe(33);
    expect(events).toEqual([]);
  });

  test("is halved until it fits, and says so once", () => {
    events.length = 0;
    const whole = fittingBatch(engine, task, { ...settings, batch: 512 }, 64e9);
    const free = 0.4e9;
    const fitted = fittingBatch(engine, task, { ...settings, batch: whole }, free);
    expect([16, 32, 64, 128, 256]).toContain(fitted);
    expect(fittingBatch(engine, task, { ...settings, batch: fitted }, free)).toBe(fitted);
    expect(fittingBatch(engine, task, { ...settings, batch: 2 * fitted }, free)).toBe(fitted);
    const told = events.map((event) => (event.type === "notice" ? event.message : ""));
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(
      /^\[graft\/transfer\] a step of 512 would need about \d\.\d\d GB of memory, 0\.40 GB are free: training with batches of \d+$/,
    );
  });

  test("is refused where one sample alone does not fit", () => {
    expect(() => fittingBatch(engine, task, { ...settings, batch: 16 }, 1e7)).toThrow(
      /^\[graft\/transfer\] a training step needs about 0\.\d\d GB even for one sample; 0\.01 GB of memory are free\. Freeze more layers, or free memory$/,
    );
  });
});
