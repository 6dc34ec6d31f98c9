import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AdapterPlan,
  type Engine,
  type FreezingPlan,
  float32,
  type Graph,
  type Head,
  type Tensor,
} from "@graft-ml/core";
import { readSafetensors, writeSafetensors } from "@graft-ml/data";
import { linear, mlp } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { tinyBackbone } from "@graft-ml/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wholeModel } from "../model.ts";
import { auditFreeze } from "../plans/audit-freeze.ts";
import { type FittedPlan, planFit } from "../plans/fit-plan.ts";
import { CLASSES, tinySupply } from "../plans/tiny-task.fixture.ts";
import { type AdapterContent, adapterBytes, loadAdapter, saveAdapter, weightsHash } from "./adapter-file.ts";
import { mergeAdapters, unmergeAdapters } from "./attach-adapters.ts";

let engine: Engine;
let scratch: string;
beforeAll(async () => {
  engine = await openEngine("onnxruntime");
  scratch = await mkdtemp(join(tmpdir(), "graft-adapter-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const backbone = tinyBackbone(3);
const names = backbone.groups.map(({ name }) => name);
const head = linear() as Head;
const targets = { classes: CLASSES };

async function fit(adapters: readonly AdapterPlan[]): Promise<{ fitted: FittedPlan<number>; plan: FreezingPlan }> {
  const plan: FreezingPlan = { strategy: "planned", phases: [{ groups: [], adapters, normalization: "frozen" }] };
  const job = { fingerprint: "tiny", backbone, head, targets, seed: 2, plan };
  const planned = await planFit({ data: "", epochs: 3, batch: 4, rate: 0.05, engine: "onnxruntime" }, job);
  return { fitted: await planned.fit(tinySupply(engine, backbone)), plan };
}

async function probabilities(model: Graph): Promise<Float32Array> {
  const images = float32(
    [4, 3, 6, 6],
    Float32Array.from({ length: 4 * 108 }, (_, i) => Math.sin(i * 1.7)),
  );
  const program = await engine.prepare(model);
  const { probabilities } = await program.run({ image: images });
  await program.release();
  return probabilities!.data as Float32Array;
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

const lora = (groups: readonly string[] = names): AdapterPlan => ({ adapter: "lora", groups, options: { r: 2 } });
const bottleneck: AdapterPlan = { adapter: "bottleneck-adapter", groups: [names[2]!], options: {} };

describe("adapters that were trained", () => {
  test.each<[string, readonly AdapterPlan[], number]>([
    ["merge into the weights", [lora()], 3],
    ["stay in the graph where they cannot", [lora(names.slice(0, 2)), bottleneck], 2],
  ])("%s, save alone, and predict the same when they are put on again", async (_, adapters, merged) => {
    const { fitted, plan } = await fit(adapters);
    const bare = await probabilities(wholeModel(backbone, head, targets, fitted.values, fitted.temperature));
    const own = await probabilities(wholeModel(fitted.backbone, head, targets, fitted.values, fitted.temperature));
    expect(furthest(bare, own)).toBeGreaterThan(1e-3);
    const audited = auditFreeze(backbone, fitted.backbone.graph, plan);
    expect(audited).toEqual({
      frozen: 15 - merged,
      identical: 15 - merged,
      thawed: merged,
      changed: merged,
      violations: [],
    });

    const file = join(scratch, `${merged}.safetensors`);
    const content = { backbone, adapters, head, targets, values: fitted.trained, temperature: fitted.temperature };
    await saveAdapter(file, content);
    const { tensors, metadata } = readSafetensors(await readFile(file));
    expect(Object.keys(tensors).every((name) => /^(adapter|head)\./.test(name))).toBe(true);
    expect(metadata).toMatchObject({
      format: "graft-adapter-1",
      backbone: "tiny",
      sha256: "unverified",
      weights: weightsHash(backbone.graph),
      adapters: JSON.stringify(adapters),
      head: "linear",
    });
    const loaded = await loadAdapter(file, tinyBackbone(3));
    expect(furthest(await probabilities(loaded.attached()), own)).toBeLessThan(1e-5);
    expect(furthest(await probabilities(loaded.merged()), own)).toBe(0);
    expect([loaded.targets, loaded.adapters, loaded.temperature]).toEqual([targets, adapters, fitted.temperature]);
  });

  test("un-merge to the pretrained weights within rounding", async () => {
    const { fitted } = await fit([lora()]);
    const file = join(scratch, "unmerge.safetensors");
    await saveAdapter(file, { backbone, adapters: [lora()], head, targets, values: fitted.trained });
    const { adapted, values } = await loadAdapter(file, backbone);
    const { backbone: merged, merged: changed } = mergeAdapters(adapted, values);
    expect(changed).toHaveLength(3);
    const back = unmergeAdapters(merged, adapted, values);
    for (const name of changed) {
      const [was, is, now] = [backbone, merged, back].map(
        ({ graph }) => graph.initializers.get(name)!.data as Float32Array,
      );
      expect(furthest(was!, is!)).toBeGreaterThan(1e-3);
      expect(furthest(was!, now!)).toBeLessThan(1e-6);
    }
  });
});

describe("an adapter file is refused", () => {
  let content: AdapterContent;
  let whole: Uint8Array;
  beforeAll(async () => {
    const { fitted } = await fit([lora()]);
    content = { backbone, adapters: [lora()], head, targets, values: fitted.trained };
    whole = adapterBytes(content);
  });

  const file = (): string => join(scratch, "odd.safetensors");
  async function refusal(bytes: Uint8Array, subject = backbone, options = {}): Promise<string> {
    await writeFile(file(), bytes);
    return loadAdapter(file(), subject, options).then(
      () => "none",
      (error: Error) => error.message,
    );
  }
  function rewritten(change: (tensors: Record<string, Tensor>, metadata: Record<string, string>) => void): Uint8Array {
    const { tensors, metadata } = readSafetensors(whole);
    const [values, about] = [{ ...tensors }, { ...metadata }];
    change(values, about);
    return writeSafetensors(values, about);
  }

  test("with another backbone", async () => {
    const other = { ...tinyBackbone(4), card: { ...backbone.card, id: "larger" } };
    expect(await refusal(whole, other)).toBe(
      `[graft/adapter] ${file()} belongs to "tiny"; received "larger". Load that backbone`,
    );
  });

  test("with other weights of the same backbone", async () => {
    const other = tinyBackbone(3, 7);
    const [mine, its] = [backbone, other].map(({ graph }) => weightsHash(graph).slice(0, 12));
    expect(await refusal(whole, other)).toBe(
      `[graft/adapter] ${file()} belongs to "tiny" with other weights: expected ${mine}; received ${its}. Load the weights that it was trained on`,
    );
  });

  test("with values of a wrong shape, too few, or too many", async () => {
    const at = (name: string, wanted: string, found: string): string =>
      `[graft/adapter] expected "${name}" as ${wanted}; received ${found} in ${file()}`;
    const name = Object.keys(content.values).find((each) => each.startsWith("adapter."))!;
    const kind = `float32 [${content.values[name]!.dims.join(", ")}]`;
    const odd = float32([1, 2], [0, 0]);
    expect(await refusal(rewritten((values) => Object.assign(values, { [name]: odd })))).toBe(
      at(name, kind, "float32 [1, 2]"),
    );
    expect(await refusal(rewritten((values) => delete values[name]))).toBe(at(name, kind, "none"));
    expect(await refusal(rewritten((values) => Object.assign(values, { extra: odd })))).toBe(
      at("extra", "none", "float32 [1, 2]"),
    );
    expect(await refusal(whole, backbone, { head: mlp({ hidden: 5 }) })).toBe(
      at("head.hidden0.weight", "float32 [4, 5]", "none"),
    );
  });

  test("with a description that is damaged", async () => {
    const about = (key: string, value: string): Promise<string> =>
      refusal(rewritten((_, metadata) => Object.assign(metadata, { [key]: value })));
    expect(await about("adapters", "[")).toBe(`[graft/adapter] ${file()} is damaged: its "adapters" is not JSON`);
    expect(await about("adapters", '[{"adapter":"lora"}]')).toBe(
      `[graft/adapter] ${file()} is damaged: expected "adapters" to list adapters with groups and options`,
    );
    expect(await about("classes", "[]")).toBe(
      `[graft/adapter] ${file()} is damaged: expected "classes" to list the names of classes`,
    );
    expect(await about("temperature", "0")).toBe(
      `[graft/adapter] ${file()} is damaged: expected "temperature" to be a number above 0`,
    );
    expect(await about("head", "lineal")).toMatch(/^\[graft\/adapter\] unknown head "lineal"/);
    expect(await about("format", "2")).toBe(
      `[graft/adapter] expected an adapter file of format graft-adapter-1; received 2 in ${file()}`,
    );
  });

  test("cut short, no safetensors at all, or not there", async () => {
    expect(await refusal(whole.subarray(0, whole.length - 4))).toBe(
      `[graft/adapter] cannot read ${file()}: [data/safetensors] expected ${dataBytes(whole)} bytes of data; received ${dataBytes(whole) - 4}. The file is cut short or too long`,
    );
    expect(await refusal(whole.subarray(0, 5))).toBe(
      `[graft/adapter] cannot read ${file()}: [data/safetensors] expected at least 8 bytes; received 5. The file is cut short`,
    );
    expect(await refusal(new TextEncoder().encode("no adapter at all"))).toMatch(
      /^\[graft\/adapter\] cannot read .*: \[data\/safetensors\] expected a header of at most .* It is no safetensors file$/,
    );
    await expect(loadAdapter(join(scratch, "none"), backbone)).rejects.toThrow(
      `[graft/adapter] there is no adapter file ${join(scratch, "none")}`,
    );
  });
});

function dataBytes(file: Uint8Array): number {
  return file.length - 8 - Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
}
