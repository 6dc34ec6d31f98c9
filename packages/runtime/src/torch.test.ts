import { readFile } from "node:fs/promises";
import type { Engine, Tensors } from "@graft-ml/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { difference, type Golden, runCase, runLiveCase } from "./torch-golden.fixture.ts";

// Expected values: tools/golden/torch_gradients.py and torch_more_gradients.py, PyTorch's autograd in float64.

const read = async (file: string): Promise<Golden> =>
  JSON.parse(await readFile(new URL(`../golden/${file}`, import.meta.url), "utf8")) as Golden;
const golden = await read("torch-gradients.json");
const cases = [...golden.cases, ...(await read("torch-more-gradients.json")).cases];

const probes = await probeEngines();
const seen = new Map<string, Map<string, Tensors>>();

describe.each(engineNames)("%s gives PyTorch's outputs and gradients", (name) => {
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
  const results = new Map<string, Tensors>();
  seen.set(name, results);

  it.each(cases)("$name", async (one) => {
    const found = await runCase(engine, one, golden.loss);
    results.set(one.name, found);
    expect(difference(found.y!, one.expected.y)).toBeLessThan(golden.tolerance.relative);
    for (const [variable, gradient] of Object.entries(one.expected.gradients)) {
      expect(difference(found[variable]!, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
    }
  });

  it.each(golden.live)("$name", async (one) => {
    const { values: found, updates } = await runLiveCase(engine, one, golden.loss);
    results.set(one.name, found);
    expect(difference(found.y!, one.expected.y)).toBeLessThan(golden.tolerance.relative);
    for (const [variable, gradient] of Object.entries(one.expected.gradients)) {
      expect(difference(found[variable]!, gradient), `gradient by ${variable}`).toBeLessThan(golden.tolerance.relative);
    }
    for (const [running, value] of Object.entries(one.expected.updates)) {
      expect(difference(found[updates[running]!]!, value), running).toBeLessThan(golden.tolerance.relative);
    }
  });
});

describe("engines agree with one another", () => {
  const [first, ...others] = probes.filter((report) => report.available).map((report) => report.name);
  if (others.length === 0) it.skip("only one engine is available", () => undefined);
  else {
    it.each(others)(`%s and ${first}`, (name) => {
      for (const [one, expected] of seen.get(first!)!) {
        for (const [variable, { dims, data }] of Object.entries(expected)) {
          // The terms of the sum cancel: its relative error says nothing.
          if (variable === "loss") continue;
          const reference = { dims, every: 1, values: Array.from(data as Float32Array) };
          const found = seen.get(name)!.get(one)![variable]!;
          expect(difference(found, reference), `${one}: ${variable}`).toBeLessThan(golden.tolerance.engines);
        }
      }
    });
  }
});
afterAll(() => seen.clear());
