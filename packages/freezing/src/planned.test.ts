import type { LayerGroup } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { gradualUnfreezing, lora, planned } from "./index.ts";

const groups: LayerGroup[] = ["stem", "body", "top"].map((name) => ({
  name,
  initializers: [`${name}.weight`],
  boundary: name,
}));
const top = { name: "top", rate: 1 };

describe("a plan that was saved", () => {
  it.each([gradualUnfreezing({ epochs: 2 }), lora({ r: 4 })])("$name comes back as it was", (strategy) => {
    const plan = strategy.plan(groups, {});
    const again = planned({ plan: JSON.parse(JSON.stringify(plan)) as unknown }).plan(groups, {});
    expect(again).toEqual({ ...plan, strategy: "planned" });
  });

  it("may name its schema and keep its reasons", () => {
    const plan = { $schema: "./plan.schema.json", strategy: "selective", reasons: [{ group: "top" }] };
    const phases = [{ groups: [top], normalization: "affine" }];
    expect(planned({ plan: { ...plan, phases } }).plan(groups, {}).phases).toEqual(phases);
  });
});

const phase = (change: object): unknown => ({ phases: [{ groups: [top], normalization: "frozen", ...change }] });

describe("a plan that is wrong is refused by the place of the fault", () => {
  it.each<[plan: unknown, message: string]>([
    [[], "expected the plan to be an object; received []"],
    ["last", 'expected the plan to be an object; received "last"'],
    [{}, "expected phases to be a list; received none"],
    [{ phases: [] }, "expected phases to hold at least one phase; received none"],
    [
      { phase: [] },
      'unknown key of the plan "phase"; did you mean "phases"? known: $schema, phases, rate, reasons, strategy',
    ],
    [{ ...(phase({}) as object), rate: -1 }, "expected rate to be a number above 0; received -1"],
    [{ phases: [3] }, "expected phases[0] to be an object; received 3"],
    [
      phase({ epoch: 1 }),
      'unknown key of phases[0] "epoch"; did you mean "epochs"? known: adapters, epochs, groups, normalization, roles, solve',
    ],
    [phase({ groups: "top" }), 'expected phases[0].groups to be a list; received "top"'],
    [phase({ groups: ["top"] }), 'expected phases[0].groups[0] to be an object; received "top"'],
    [phase({ groups: [{ rate: 1 }] }), "expected phases[0].groups[0].name to be a name; received none"],
    [
      phase({ groups: [{ name: "top", rate: 0 }] }),
      "expected phases[0].groups[0].rate to be a number above 0; received 0",
    ],
    [
      phase({ groups: [{ name: "top", rate: "1" }] }),
      'expected phases[0].groups[0].rate to be a number above 0; received "1"',
    ],
    [phase({ groups: [top, top] }), 'phases[0].groups names "top" twice'],
    [
      phase({ roles: ["weight"] }),
      'expected phases[0].roles[0] to be one of kernel, bias, scale, shift, embedding, other; received "weight"',
    ],
    [
      phase({ normalization: "thawed" }),
      'expected phases[0].normalization to be one of frozen, affine, live; received "thawed"',
    ],
    [phase({ solve: 1 }), "expected phases[0].solve to be one of true, false; received 1"],
    [phase({ epochs: 0 }), "expected phases[0].epochs to be a whole number above 0, or none; received 0"],
    [
      { phases: [{ groups: [], normalization: "frozen" }, ...(phase({}) as { phases: [] }).phases] },
      "expected phases[0].epochs to be a whole number above 0; received none",
    ],
    [
      phase({ adapters: [{ groups: ["top"], options: {} }] }),
      "expected phases[0].adapters[0].adapter to be a name; received none",
    ],
    [
      phase({ adapters: [{ adapter: "lora", groups: ["top"], options: [] }] }),
      "expected phases[0].adapters[0].options to be an object; received []",
    ],
  ])("%j", (plan, message) => {
    expect(() => planned({ plan })).toThrow(`[freezing/planned] ${message}`);
  });

  it.each<[plan: unknown, message: string]>([
    [undefined, "expected plan, a freezing plan as JSON; received none"],
    [
      phase({ groups: [{ name: "botty", rate: 1 }] }),
      'unknown layer group "botty"; did you mean "body"? known: body, stem, top',
    ],
    [
      phase({ adapters: [{ adapter: "lora", groups: ["tip"], options: {} }] }),
      'unknown layer group "tip"; did you mean "top"? known: body, stem, top',
    ],
  ])("%j, which does not fit the backbone", (plan, message) => {
    const strategy = planned(plan === undefined ? {} : { plan });
    expect(() => strategy.plan(groups, {})).toThrow(`[freezing/planned] ${message}`);
  });

  it("in more epochs than are asked for", () => {
    const phases = [{ groups: [], normalization: "frozen", epochs: 3 }, ...(phase({}) as { phases: [] }).phases];
    expect(() => planned({ plan: { phases } }).plan(groups, { epochs: 3 })).toThrow(
      "[freezing/planned] the plan's phases take at least 4 epochs, and 3 are asked for. Shorten phases, or ask for more",
    );
  });
});
