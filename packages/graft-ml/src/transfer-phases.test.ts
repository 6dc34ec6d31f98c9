import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { readModel, widenHalf } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditFreeze, efficientnetLite0, freezingStrategies, load, loadAdapter, minilmL6, transfer } from "./index.ts";
import { pictureModel } from "./pictures/picture-model.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";
import { sentences, textsTable } from "./texts/texts.fixture.ts";

const { gradualUnfreezing, lora } = freezingStrategies;

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(5);
  scratch = await mkdtemp(join(tmpdir(), "graft-phases-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

test("gradual unfreezing of the real network decodes each picture once, before its first phase", async () => {
  const events: RunEvent[] = [];
  const control = { onEvent: (event: RunEvent) => void events.push(event) };
  const settings = { data, freezing: gradualUnfreezing({ groups: 2 }), epochs: 4, batch: 4, patience: 0, seed: 1 };
  const cache = join(scratch, "cache");
  const result = await transfer({ ...settings, cache, control });
  const { summary } = result;
  expect(summary.cache).toMatchObject({ hits: 0, misses: 15 });
  const begun = events.findIndex((event) => event.type === "stage" && event.stage === "phase 1 of 3");
  const stages = (some: readonly RunEvent[]): Set<string> =>
    new Set(some.flatMap((event) => (event.type === "progress" ? [event.stage] : [])));
  expect(begun).toBeGreaterThan(0);
  expect([...stages(events.slice(0, begun))]).toEqual(expect.arrayContaining(["decode", "features"]));
  expect([...stages(events.slice(begun))].filter((stage) => ["decode", "features"].includes(stage))).toEqual([]);
  expect(summary.train.phases.map(({ engine, epochs }) => [engine, epochs])).toEqual([
    ["onnxruntime", 1],
    ["onnxruntime", 1],
    ["onnxruntime", 2],
  ]);
  expect(summary.parameters.trained).toBe(summary.train.phases.at(-1)!.parameters);
  expect(summary.groups).toEqual({ frozen: 16, trained: 2 });
  expect(summary.audit.identical).toBe(summary.audit.frozen);
  expect(summary.audit.changed).toBe(summary.audit.thawed);

  const folder = await result.save(join(scratch, "gradual"));
  const { graph, ...backbone } = await efficientnetLite0().load();
  const exported = widenHalf(readModel(await readFile(join(folder, "model.onnx"))));
  expect(auditFreeze({ ...backbone, graph }, exported, summary.plan)).toMatchObject({
    ...summary.audit,
    violations: [],
  });

  // The same values come out of the cache.
  const again = await transfer({ ...settings, cache });
  expect(again.summary.cache).toMatchObject({ hits: 15, misses: 0 });
  expect(again.testPredictions).toEqual(result.testPredictions);
  await Promise.all([result.release(), again.release()]);
});

test("a low-rank adapter is merged into the exported model, and saved beside it", async () => {
  const freezing = lora({ groups: 1, r: 4 });
  const result = await transfer({ data, freezing, epochs: 3, batch: 4, rate: 0.01, cache: join(scratch, "cache") });
  const { summary } = result;
  // The last group is one 1×1 convolution of 320 to 1280 channels; the head has 3 classes.
  expect(summary.parameters).toMatchObject({ trained: 4 * (320 + 1280) + 1280 * 3 + 3 });
  expect(summary.audit).toMatchObject({ thawed: 1, changed: 1 });
  const folder = await result.save(join(scratch, "lora"));
  expect((await readdir(folder)).sort()).toEqual(["adapter.safetensors", "graft.json", "model.onnx"]);
  const backbone = await efficientnetLite0().load();
  const loaded = await loadAdapter(join(folder, "adapter.safetensors"), backbone);
  const files = [join(data, "disc", "1.png"), join(data, "stripes", "2.png")];
  const bundle = await load(folder);
  const expected = await bundle.predict(files);
  for (const model of [loaded.attached(), loaded.merged()]) {
    const classifier = pictureModel(model, backbone.card, loaded.targets.classes);
    const found = await classifier.predict(files);
    for (const [i, { scores }] of found.entries())
      for (const [name, p] of Object.entries(scores))
        expect(Math.abs(p - expected[i]!.scores[name]!)).toBeLessThan(1e-5);
    await classifier.release();
  }
  await Promise.all([bundle.release(), result.release()]);
});

describe("texts", () => {
  let file: string;
  beforeAll(async () => {
    file = await textsTable(sentences(12));
  });
  afterAll(() => rm(dirname(file), { recursive: true, force: true }));

  test("go through the phases of a plan, of sequences and of whole texts", async () => {
    const freezing = gradualUnfreezing({ groups: 2 });
    const events: RunEvent[] = [];
    const control = { onEvent: (event: RunEvent) => void events.push(event) };
    const settings = { data: file, freezing, epochs: 3, batch: 4, seed: 1, cache: join(scratch, "cache") };
    const result = await transfer({ ...settings, engine: "onnxruntime", control });
    const { summary } = result;
    expect(summary.cache).toMatchObject({ hits: 0, misses: 24 });
    expect(summary.train.phases.map(({ epochs }) => epochs)).toEqual([1, 1, 1]);
    expect(summary.audit.identical).toBe(summary.audit.frozen);
    expect(events.filter((event) => event.type === "stage" && event.stage === "recut").length).toBeGreaterThan(0);
    await result.release();
  });

  test("train low-rank adapters on query and value, saved beside the model", async () => {
    const settings = {
      data: file,
      freezing: lora({ groups: 2, r: 8 }),
      epochs: 1,
      batch: 4,
      cache: join(scratch, "cache"),
    };
    const result = await transfer(settings);
    expect(result.summary.parameters.trained).toBe(73_728 / 3 + 384 * 2 + 2);
    const folder = await result.save(join(scratch, "texts-lora"));
    const loaded = await loadAdapter(join(folder, "adapter.safetensors"), await minilmL6().load());
    expect(Object.keys(loaded.values).filter((name) => name.startsWith("adapter."))).toHaveLength(2 * 2 * 2);
    await result.release();
  });
});
