import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type PlainOptions, pluginNames } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import * as schedules from "./index.ts";
import type { Schedule } from "./schedule.ts";

// Expected values: tools/golden/schedules.py, the rates of PyTorch's and transformers' own schedules at every step.

interface Golden {
  readonly tolerance: number;
  readonly cases: readonly {
    readonly name: string;
    readonly schedule: string;
    readonly options: PlainOptions;
    readonly rates: readonly number[];
  }[];
}

const golden = JSON.parse(await readFile(new URL("../../golden/schedules.json", import.meta.url), "utf8")) as Golden;

const factories: Readonly<Record<string, (options?: PlainOptions) => Schedule>> = schedules;

it.each(golden.cases)("$name", ({ schedule, options, rates }) => {
  const made = factories[schedule]!(options);
  const off = rates.map((rate, step) => Math.abs(made.multiple(step, rates.length) - rate));
  expect(Math.max(...off)).toBeLessThan(golden.tolerance);
});

it("names every schedule as its file", () => {
  const files = readdirSync(import.meta.dirname).map((file) => file.replace(/\.ts$/, ""));
  const inner = ["index", "schedule", "schedules.test", "warmup"];
  const names = Object.values(schedules).map((factory) => factory().name);
  expect(names.sort()).toEqual(files.filter((file) => !inner.includes(file)).sort());
  expect(pluginNames(schedules).sort()).toEqual(names);
});

describe.each(pluginNames(schedules))("%s", (name) => {
  const make = Object.values(schedules).find((factory) => factory().name === name)!;

  it.each([1, 2, 3, 9, 10, 1001])("stays between 0 and the base rate over %i steps", (steps) => {
    const multiples = Array.from({ length: steps }, (_, step) => make().multiple(step, steps));
    expect(Math.min(...multiples)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...multiples)).toBeLessThanOrEqual(1);
    // The first step of a linear rise is nothing, as in transformers.
    if (steps > 1) expect(Math.max(...multiples)).toBeGreaterThan(0);
  });

  it("refuses options that it does not have", () => {
    expect(() => make({ speed: 1 })).toThrow(`[trainers/${name}] unknown option "speed"`);
  });
});

it("says what a share is", () => {
  expect(() => schedules.cosine({ warmup: 2 })).toThrow(
    "[trainers/cosine] expected warmup to be a number ≥ 0 ≤ 1; received 2",
  );
});
