import type { GroupMeasure, LayerGroup, PlanContext } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { selective } from "./selective.ts";

const groups: LayerGroup[] = ["a", "b", "c", "d"].map((name) => ({
  name,
  initializers: [`${name}.weight`],
  boundary: name,
}));
/** Probe, pull, seconds of the pass, seconds of an epoch. */
type Row = readonly [probe: number, gradient: number, pass: number, epoch: number];
const measured = (...rows: readonly Row[]): GroupMeasure[] =>
  rows.map(([probe, gradient, pass, epoch], i) => ({
    name: groups[i]!.name,
    probe,
    gradient,
    seconds: { pass, epoch },
  }));
const rising = measured([0.5, 0.1, 0, 20], [0.6, 0.1, 4, 10], [0.7, 0.2, 6, 5], [0.8, 0.4, 9, 2]);

const thawed = (options: object, context: PlanContext): string =>
  selective({ ...options })
    .plan(groups, context)
    .phases.at(-1)!
    .groups.map(({ name, rate }) => `${name}×${rate}`)
    .join(" ");

describe("selective", () => {
  it("thaws what holds four fifths of the pull that the budget reaches, at rates in proportion", () => {
    // The pass for the head takes 10 s. All: 110 s. From b: 60 s, from c: 35 s, from d: 20 s.
    expect(thawed({ budget: 110 }, { measures: rising })).toBe("b×0.25 c×0.5 d×1");
    expect(thawed({ budget: 60 }, { measures: rising })).toBe("c×0.5 d×1");
    expect(thawed({ budget: 35 }, { measures: rising })).toBe("c×0.5 d×1");
    expect(thawed({ budget: 34 }, { measures: rising })).toBe("d×1");
    expect(thawed({ budget: 19 }, { measures: rising })).toBe("");
  });

  it("takes a share of the time of fine-tuning everything where no budget is given, less what was spent", () => {
    expect(thawed({}, { measures: rising })).toBe("c×0.5 d×1");
    expect(thawed({}, { measures: rising, spentSeconds: 1 })).toBe("d×1");
    expect(thawed({ share: 0.2 }, { measures: rising })).toBe("d×1");
    expect(thawed({ share: 0.19 }, { measures: rising })).toBe("");
    expect(thawed({ budget: 35 }, { measures: rising, spentSeconds: 1 })).toBe("d×1");
    expect(thawed({}, { measures: rising, budgetSeconds: 19 })).toBe("");
  });

  it("counts the epochs that are asked for, but the one of the head", () => {
    expect(thawed({ budget: 20 }, { measures: rising, epochs: 7 })).toBe("");
    expect(thawed({ budget: 20 }, { measures: rising, epochs: 3 })).toBe("c×0.5 d×1");
  });

  it("has a share of all asked epochs by default, the head's among them", () => {
    // Two epochs of all: 40 s, and 14 s of them to spend. From c: 15 s, from d: 12 s.
    expect(thawed({}, { measures: rising, epochs: 2 })).toBe("d×1");
    expect(thawed({ share: 0.375 }, { measures: rising, epochs: 2 })).toBe("c×0.5 d×1");
    expect(thawed({ share: 0.29 }, { measures: rising, epochs: 2 })).toBe("");
  });

  it("counts no pass for the head where the one epoch trains", () => {
    // One epoch of all: 20 s. From c or d: 11 s.
    expect(thawed({ share: 0.55 }, { measures: rising, epochs: 1 })).toBe("c×0.5 d×1");
    expect(thawed({ share: 0.54 }, { measures: rising, epochs: 1 })).toBe("");
  });

  it("leaves everything frozen where a linear head would fit any labels", () => {
    const context = { measures: rising, features: 50 };
    expect(thawed({ budget: 60 }, { ...context, samples: 99 })).toBe("");
    expect(thawed({ budget: 60 }, { ...context, samples: 100 })).toBe("c×0.5 d×1");
    expect(thawed({ budget: 60, least: 1 }, { ...context, samples: 99 })).toBe("c×0.5 d×1");
  });

  it("thaws down to where a probe is better than on the features", () => {
    const unfit = measured([0.5, 0.1, 0, 20], [0.9, 0.1, 4, 10], [0.7, 0.1, 6, 5], [0.8, 0.9, 8, 2]);
    expect(thawed({ budget: 60 }, { measures: unfit })).toBe("c×0.111 d×1");
    const nearly = measured([0.5, 0.1, 0, 20], [0.81, 0.1, 4, 10], [0.7, 0.1, 6, 5], [0.8, 0.9, 8, 2]);
    expect(thawed({ budget: 60 }, { measures: nearly })).toBe("d×1");
  });

  it("leaves groups frozen that the task hardly pulls at", () => {
    const weak = measured([0.5, 1, 0, 20], [0.6, 1, 4, 10], [0.7, 0.01, 6, 5], [0.8, 0.2, 8, 2]);
    expect(thawed({ budget: 110 }, { measures: weak })).toBe("a×1 b×1 d×0.2");
  });

  it("tells why in a table", () => {
    const plan = selective({ budget: 35 }).plan(groups, { measures: rising });
    const solved = { groups: [], normalization: "frozen", solve: true };
    expect(plan.phases).toEqual([
      { ...solved, epochs: 1 },
      {
        groups: [
          { name: "c", rate: 0.5 },
          { name: "d", rate: 1 },
        ],
        normalization: "frozen",
      },
    ]);
    expect(plan.reasons).toEqual([
      { group: "a", probe: 0.5, pull: 0.1, "seconds from here": 110, "fits the budget": false, rate: 0 },
      { group: "b", probe: 0.6, pull: 0.1, "seconds from here": 60, "fits the budget": false, rate: 0 },
      { group: "c", probe: 0.7, pull: 0.2, "seconds from here": 35, "fits the budget": true, rate: 0.5 },
      { group: "d", probe: 0.8, pull: 0.4, "seconds from here": 20, "fits the budget": true, rate: 1 },
    ]);
    expect(selective({ budget: 1 }).plan(groups, { measures: rising }).phases).toEqual([solved]);
    expect(selective({ budget: 35 }).plan(groups, { measures: rising, epochs: 1 }).phases).toHaveLength(1);
  });

  it("refuses to choose without measures of these groups", () => {
    expect(() => selective().plan(groups, {})).toThrow(
      "[freezing/selective] expected measures of the layer groups, which are made on samples; received none. Fit data with it, or choose another strategy",
    );
    expect(() => selective().plan(groups, { measures: rising.slice(1) })).toThrow(
      "[freezing/selective] expected measures of a, b, c, d, in this order; received b, c, d",
    );
  });
});
