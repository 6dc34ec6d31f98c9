import type { FreezingPlan, LayerGroup } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import * as strategies from "./index.ts";

const groupsOf = (count: number): LayerGroup[] =>
  Array.from({ length: count }, (_, i) => ({ name: `g${i}`, initializers: [`g${i}.weight`], boundary: `g${i}.out` }));

/** A phase as text: its groups with their rates, and its epochs. */
const brief = ({ phases }: FreezingPlan): string[] =>
  phases.map(({ groups, epochs }) => {
    const rates = groups.map(({ name, rate }) => (rate === 1 ? name : `${name}×${Number(rate.toPrecision(3))}`));
    return `${rates.join(" ") || "head"}${epochs === undefined ? "" : `, ${epochs}`}`;
  });

describe("freeze-to", () => {
  it.each([
    [undefined, "g2 g3"],
    ["g0", "g1 g2 g3"],
    ["g3", "head"],
    [0, "g0 g1 g2 g3"],
    [3, "g3"],
    [-1, "g3"],
  ])("%s leaves %s to train", (group, expected) => {
    expect(brief(strategies.freezeTo(group === undefined ? {} : { group }).plan(groupsOf(4), {}))).toEqual([expected]);
  });

  it.each([
    ["g4", '[freezing/freeze-to] unknown layer group "g4"; did you mean "g0"? known: g0, g1, g2, g3'],
    [5, "[freezing/freeze-to] expected group from -4 to 4, the backbone's number of layer groups; received 5"],
  ])("refuses %s", (group, message) => {
    expect(() => strategies.freezeTo({ group }).plan(groupsOf(4), {})).toThrow(message);
  });

  it("refuses what is neither name nor number", () => {
    expect(() => strategies.freezeTo({ group: 1.5 })).toThrow(
      "[freezing/freeze-to] expected group to be the name of a layer group or a whole number of them; received 1.5",
    );
  });
});

describe("discriminative", () => {
  it("slows each group down against the one above it, the head at the base rate", () => {
    expect(brief(strategies.discriminative({ decay: 0.5 }).plan(groupsOf(3), {}))).toEqual(["g0×0.125 g1×0.25 g2×0.5"]);
  });
  it("takes BEiT's decay where none is given, on the last groups if so", () => {
    expect(brief(strategies.discriminative({ groups: 2 }).plan(groupsOf(3), {}))).toEqual(["g1×0.423 g2×0.65"]);
  });
});

describe("gradual-unfreezing", () => {
  const plan = (options: object, epochs?: number): string[] =>
    brief(strategies.gradualUnfreezing({ ...options }).plan(groupsOf(4), epochs === undefined ? {} : { epochs }));

  it("thaws one group more each epoch after the head", () => {
    expect(plan({})).toEqual(["head, 1", "g3, 1", "g2 g3, 1", "g1 g2 g3, 1", "g0 g1 g2 g3"]);
    expect(plan({}, 9)).toEqual(plan({}));
  });
  it("thaws several at a time where epochs are few, all of them in the end", () => {
    expect(plan({}, 3)).toEqual(["head, 1", "g2 g3, 1", "g0 g1 g2 g3"]);
    expect(plan({ epochs: 2 }, 7)).toEqual(["head, 2", "g2 g3, 2", "g0 g1 g2 g3"]);
    expect(plan({}, 2)).toEqual(["head, 1", "g0 g1 g2 g3"]);
  });
  it("has ULMFiT's rates where it is told to, and stops where it is told to", () => {
    expect(plan({ groups: 2, decay: 1 / 2.6 })).toEqual(["head, 1", "g3×0.385, 1", "g2×0.148 g3×0.385"]);
  });
  it("refuses epochs for less than two phases", () => {
    expect(() => plan({ epochs: 3 }, 5)).toThrow(
      "[freezing/gradual-unfreezing] expected epochs ≥ 6, two phases of 3; received 5",
    );
  });
});

describe("lp-ft", () => {
  it.each([
    [{}, undefined, ["head, 5", "g0 g1 g2"]],
    [{}, 7, ["head, 3", "g0 g1 g2"]],
    [{ probe: 4, groups: 1, rate: 0.1 }, 5, ["head, 4", "g2×0.1"]],
  ])("%o in %s epochs", (options, epochs, expected) => {
    expect(brief(strategies.lpFt(options).plan(groupsOf(3), epochs === undefined ? {} : { epochs }))).toEqual(expected);
  });
  it("refuses epochs that leave nothing for the layers", () => {
    expect(() => strategies.lpFt().plan(groupsOf(3), { epochs: 1 })).toThrow(
      "[freezing/lp-ft] expected epochs > 1, those of the head alone; received 1",
    );
  });
});

it("bitfit trains what is added, norm-only what normalisations have", () => {
  expect(strategies.bitfit({ groups: 1 }).plan(groupsOf(2), {}).phases).toEqual([
    { groups: [{ name: "g1", rate: 1 }], roles: ["bias", "shift"], normalization: "affine" },
  ]);
  expect(strategies.normOnly().plan(groupsOf(1), {}).phases).toEqual([
    { groups: [{ name: "g0", rate: 1 }], roles: ["scale", "shift"], normalization: "affine" },
  ]);
});

describe("adapters", () => {
  it("are planned for all groups or the last, with their own options", () => {
    expect(strategies.lora().plan(groupsOf(2), {})).toEqual({
      strategy: "lora",
      phases: [
        { groups: [], adapters: [{ adapter: "lora", groups: ["g0", "g1"], options: {} }], normalization: "frozen" },
      ],
      rate: 1e-3,
    });
    const [phase] = strategies.bottleneckAdapter({ groups: 1, size: 4 }).plan(groupsOf(2), {}).phases;
    expect(phase!.adapters).toEqual([{ adapter: "bottleneck-adapter", groups: ["g1"], options: { size: 4 } }]);
  });
  it("refuse wrong options before anything is planned", () => {
    expect(() => strategies.lora({ r: 0 })).toThrow("[freezing/lora] expected r to be an integer ≥ 1; received 0");
  });
  it("know their own options and the adapter's", () => {
    expect(() => strategies.lora({ group: 2 })).toThrow(
      '[freezing/lora] unknown option "group"; did you mean "groups"? known: alpha, columns, groups, r, rslora, targets',
    );
  });
  it("refuse more groups than there are", () => {
    expect(() => strategies.ia3({ groups: 3 }).plan(groupsOf(2), {})).toThrow(
      "[freezing/ia3] expected groups ≤ 2, the backbone's number of layer groups; received 3",
    );
  });
});
