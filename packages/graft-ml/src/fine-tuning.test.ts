import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackboneSource, Head, Preprocessing } from "@graft-ml/core";
import { tinyBackbone } from "@graft-ml/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findRate,
  full,
  linear,
  mlp,
  regularizers,
  samplers,
  schedules,
  type TransferOptions,
  type TransferResult,
  transfer,
} from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(8);
  scratch = await mkdtemp(join(tmpdir(), "graft-fine-tuning-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

const tiny: BackboneSource<Preprocessing> = { name: "tiny", summary: "", load: async () => tinyBackbone(3) };
const base = {
  freezing: full(),
  head: mlp({ hidden: 6 }) as Head,
  epochs: 3,
  batch: 4,
  engine: "onnxruntime",
} as const;
const common = (): Omit<TransferOptions, "engine"> => ({
  data,
  backbone: tiny,
  cache: join(scratch, "cache"),
  seed: 2,
});

async function fitted(options: Omit<TransferOptions, "data"> = {}): Promise<TransferResult["summary"]["train"]> {
  const result = await transfer({ ...common(), ...base, ...options });
  await result.release();
  return result.summary.train;
}

describe("transfer takes what fine-tuning needs, and says so", () => {
  it.each<[string, Omit<TransferOptions, "data">, Readonly<Record<string, unknown>>]>([
    ["a schedule", { schedule: schedules.cosine({ warmup: 0.2 }) }, { schedule: "cosine" }],
    ["a sampler", { sampler: samplers.balanced() }, { sampler: "balanced" }],
    ["accumulation", { accumulate: 2 }, { accumulate: 2 }],
    ["averaged weights", { ema: 0.9 }, { ema: 0.9 }],
    ["regularisers", { regularizers: [regularizers.l2Sp(), regularizers.delta()] }, { regularizers: "l2-sp, delta" }],
    ["label smoothing", { head: mlp({ hidden: 6, smoothing: 0.2 }) as Head }, {}],
  ])("%s", async (_, options, told) => {
    const [plain, other] = [await fitted(), await fitted(options)];
    expect(other.method).toMatchObject(told);
    expect(other.loss).toHaveLength(3);
    expect(other.loss.every(Number.isFinite)).toBe(true);
    // An average is seen by what judges it, not by the steps.
    expect([other.loss, other.validation]).not.toEqual([plain.loss, plain.validation]);
  });

  it("class weights: balanced classes change nothing, others do", async () => {
    const plain = await fitted();
    const balanced = await fitted({ classWeights: "balanced" });
    // The folder has as many of each class.
    expect(balanced.loss[0]).toBeCloseTo(plain.loss[0]!, 4);
    const [name] = (await transferClasses()) as [string];
    expect((await fitted({ classWeights: { [name]: 5 } })).loss[0]).not.toBeCloseTo(plain.loss[0]!, 3);
    await expect(fitted({ classWeights: { nothing: 5 } })).rejects.toThrow(
      '[graft/class-weights] unknown class "nothing"',
    );
  });

  it("trains a head with class weights that would be solved without", async () => {
    const { engine: _, epochs: __, ...rest } = base;
    const settings = { ...common(), ...rest, head: linear() as Head };
    const { freezing: ___, ...frozenSettings } = settings;
    const result = await transfer({ ...frozenSettings, classWeights: "balanced" });
    await result.release();
    expect(result.summary.train.method.optimizer).toBe("adamw");
  });
});

async function transferClasses(): Promise<readonly string[]> {
  const result = await transfer({ ...common(), ...base });
  await result.release();
  return result.summary.data.classes;
}

describe("the rate of a transfer", () => {
  it("is found without a trace", async () => {
    const before = await fitted();
    const found = await findRate({ ...common(), ...base, steps: 40 });
    expect(await fitted()).toEqual({ ...before, phases: expect.anything() });
    expect(found).toMatchObject({ backbone: "tiny", freezing: "full", head: "mlp", engine: "onnxruntime", batch: 4 });
    expect(found.rates[0]).toBe(1e-7);
    expect(found.rates.length).toBe(found.losses.length);
    expect(found.safe).toBeLessThanOrEqual(found.steepest);
    expect(found.steepest).toBeGreaterThan(1e-7);
  });

  it("of a head alone is found, too", async () => {
    const { freezing: _, ...rest } = base;
    const found = await findRate({ ...common(), ...rest, head: linear() as Head, steps: 20, highest: 1 });
    expect(found.freezing).toBe("frozen");
    expect(found.rates).toHaveLength(20);
  });
});
