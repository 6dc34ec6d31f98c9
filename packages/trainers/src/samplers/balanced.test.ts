import { pluginNames, seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { epochBatches } from "../batches.ts";
import * as samplers from "./index.ts";

const counts = (values: readonly unknown[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const value of values) found[String(value)] = (found[String(value)] ?? 0) + 1;
  return found;
};

/** 12 of class 0, 5 of class 1, 3 of class 2. */
const targets = Array.from({ length: 20 }, (_, i) => (i < 12 ? 0 : i < 17 ? 1 : 2));
const pool = { length: targets.length, targets };

describe("the barrel", () => {
  it("has its names", () => {
    expect(pluginNames(samplers)).toEqual(["balanced", "shuffled"]);
    expect(Object.values(samplers).map((make) => make().name)).toEqual(["balanced", "shuffled"]);
  });
});

describe.each(Object.values(samplers))("%o", (make) => {
  it("draws as many as there are, the same ones from the same seed", () => {
    const draw = (seed: number): number[] => make().draw(pool, seededRandom(seed));
    expect(draw(3)).toHaveLength(20);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });
});

describe("balanced", () => {
  it("takes classes equally often, and no sample again before all of its class have come", () => {
    const random = seededRandom(1);
    const most = new Set<string>();
    for (let epoch = 0; epoch < 30; epoch++) {
      const drawn = samplers.balanced().draw(pool, random);
      const classes = counts(drawn.map((i) => targets[i]));
      expect(Object.values(classes).sort()).toEqual([6, 7, 7]);
      for (const label of [0, 1, 2]) {
        const own = targets.flatMap((target, i) => (target === label ? [i] : []));
        const times = own.map((i) => counts(drawn)[i] ?? 0);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      }
      most.add(Object.entries(classes).find(([, count]) => count === 6)![0]);
    }
    expect(most.size).toBe(3);
  });

  it("refuses targets that are no classes", () => {
    expect(() => samplers.balanced().draw({ length: 1, targets: [[1, 2]] }, seededRandom(1))).toThrow(
      "[trainers/balanced] expected targets that are classes; received object at sample 0",
    );
  });
});

describe("batches of a sampler", () => {
  it("hold what it draws", () => {
    const batches = epochBatches(pool, 6, seededRandom(2), samplers.balanced());
    expect(batches.map(({ indices }) => indices.length)).toEqual([6, 6, 6, 2]);
    const classes = counts(batches.flatMap(({ indices }) => indices.map((i) => targets[i])));
    expect(Object.values(classes).sort()).toEqual([6, 7, 7]);
  });

  it("are of similar lengths where samples are sequences", () => {
    const lengths = targets.map((_, i) => 1 + ((i * 7) % 20));
    const paddings = [5, 10, 20];
    const batches = epochBatches({ ...pool, lengths, paddings }, 5, seededRandom(2), samplers.balanced());
    expect(batches).toHaveLength(4);
    for (const { indices, tokens } of batches) {
      const longest = Math.max(...indices.map((i) => lengths[i]!));
      expect(tokens).toBe(paddings.find((padding) => padding >= longest));
    }
    const classes = counts(batches.flatMap(({ indices }) => indices.map((i) => targets[i])));
    expect(Object.values(classes).sort()).toEqual([6, 7, 7]);
  });
});
