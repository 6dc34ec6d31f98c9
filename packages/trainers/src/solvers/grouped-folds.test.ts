import { seededRandom } from "@graft-ml/core";
import { expect, test } from "vitest";
import { fitLogistic } from "./logistic.ts";
import { ridge } from "./ridge.ts";
import { groupedFolds, stratifiedFolds } from "./stratified-folds.ts";

const [SAMPLES, VIEWS, CLASSES] = [30, 4, 3];
// As a source gives them: all samples, then all of their second views, and so on.
const groups = Int32Array.from({ length: SAMPLES * VIEWS }, (_, row) => row % SAMPLES);
const labels = groups.map((group) => group % CLASSES);

test("keeps the views of a sample in one fold, and each class in all folds alike", () => {
  const folds = groupedFolds("test", labels, groups, 5, seededRandom(0));
  expect(folds).toHaveLength(5);
  const held = folds.flatMap(({ heldOut }) => [...heldOut]);
  expect(held.sort((a, b) => a - b)).toEqual(Array.from(groups.keys()));
  for (const { train, heldOut } of folds) {
    expect(train.length + heldOut.length).toBe(groups.length);
    const trained = new Set(Array.from(train, (row) => groups[row]!));
    expect(Array.from(heldOut, (row) => groups[row]!).filter((group) => trained.has(group))).toEqual([]);
    for (let label = 0; label < CLASSES; label++) {
      expect(heldOut.filter((row) => labels[row] === label)).toHaveLength(2 * VIEWS);
    }
    expect(train).toEqual(Int32Array.from(train).sort());
  }
});

test("without further views they are the folds of the samples", () => {
  const own = labels.subarray(0, SAMPLES);
  const alone = groupedFolds("test", own, groups.subarray(0, SAMPLES), 5, seededRandom(3));
  expect(alone).toEqual(stratifiedFolds("test", own, [10, 10, 10], 5, seededRandom(3)));
});

test("a solver that is told the groups is not fooled by copies in other folds", async () => {
  // Labels by chance: who has seen a copy of a sample knows it, and nobody else does.
  const random = seededRandom(1);
  const dims = 60;
  const own = Float32Array.from({ length: SAMPLES * dims }, () => random.normal());
  const features = new Float32Array(SAMPLES * VIEWS * dims);
  for (let view = 0; view < VIEWS; view++) features.set(own, view * own.length);
  const chance = labels.map((_, row) => [0, 1, 2, 1, 0, 2, 2, 0, 1, 1][(row % SAMPLES) % 10]!);
  const right = (scores: Float64Array): number =>
    Array.from({ length: SAMPLES }, (_, i) => {
      const row = [...scores.subarray(i * CLASSES, (i + 1) * CLASSES)];
      return row.indexOf(Math.max(...row)) === chance[i] ? 1 : 0;
    }).reduce<number>((sum, hit) => sum + hit, 0) / SAMPLES;
  const settings = { c: 1 } as const;
  const fooled = await fitLogistic(features, chance, CLASSES, settings);
  const told = await fitLogistic(features, chance, CLASSES, { ...settings, groups });
  expect(right(fooled.outOfFold!)).toBeGreaterThan(0.95);
  expect(right(told.outOfFold!)).toBeLessThan(0.7);
});

test("refuses groups that make no sense", async () => {
  expect(() => groupedFolds("test", labels, [0, 1], 5, seededRandom(0))).toThrow(
    "[test] expected a group for each of 120 rows; received 2",
  );
  expect(() => groupedFolds("test", [0, 1, 0, 1], [0, 0, 1, 1], 2, seededRandom(0))).toThrow(
    "[test] expected one class for all rows of group 0; received several",
  );
  await expect(ridge().fit(new Float32Array(4), Int32Array.of(0, 1), 2, { groups: [0, 1] })).rejects.toThrow(
    "[trainers/ridge] expected no views: ridge leaves one row out at a time, and its other views would tell. Use logistic",
  );
});
