import { pluginNames, seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import * as solvers from "./index.ts";
import { fitLda, lda } from "./lda.ts";
import { fitRidge, ridge } from "./ridge.ts";

const random = seededRandom(4);
const labels = Int32Array.from({ length: 12 }, (_, i) => i % 3);
const sample = (dims: number) =>
  Float32Array.from(
    { length: 12 * dims },
    (_, o) => random.normal() + (o % dims === labels[Math.floor(o / dims)] ? 2 : 0),
  );

function without<T extends Float32Array | Int32Array>(values: T, row: number, width: number): T {
  return values.filter((_, o) => Math.floor(o / width) !== row) as T;
}

describe("solvers", () => {
  it("are registered by their names", async () => {
    expect(pluginNames(solvers)).toEqual(["lda", "logistic", "ridge"]);
    for (const factory of [solvers.lda, solvers.logistic, solvers.ridge]) {
      const solver = factory();
      expect(solver.name).toBe(factory.name);
      const { weight, bias, outOfFold } = await solver.fit(sample(4), labels, 3);
      expect([weight.length, bias.length]).toEqual([12, 3]);
      if (outOfFold) expect(outOfFold.length).toBe(36);
    }
  });
});

describe("ridge", () => {
  it.each([3, 30])("leave-one-out predictions equal refits without the sample, %i features", (dims) => {
    const features = sample(dims);
    const all = fitRidge(features, labels, 3, { grid: [0.7] });
    for (const row of [0, 5]) {
      const refit = fitRidge(without(features, row, dims), without(labels, row, 1), 3, { grid: [0.7] });
      for (let k = 0; k < 3; k++) {
        let score = refit.bias[k]!;
        for (let j = 0; j < dims; j++) score += features[row * dims + j]! * refit.weight[j * 3 + k]!;
        expect(all.outOfFold![row * 3 + k]).toBeCloseTo(score, 5);
      }
    }
  });
  it("says what is wrong", async () => {
    expect(() => ridge({ grid: [0] })).toThrow(
      "[trainers/ridge] expected grid to be a list of positive numbers; received [0]",
    );
    await expect(ridge().fit(sample(3), labels, 3, { sampleWeights: [] })).rejects.toThrow(
      "[trainers/ridge] expected no sampleWeights: ridge weighs all samples alike. Use logistic",
    );
  });
});

describe("lda", () => {
  it("does not move when every feature is shifted or scaled, with automatic shrinkage", () => {
    const features = sample(30);
    const moved = features.map((value, o) => value * 2 ** ((o % 30) % 5) + (o % 3));
    const [plain, other] = [fitLda(features, labels, 3), fitLda(moved, labels, 3)];
    // A shift adds the same to the scores of all classes, so differences between classes are compared.
    for (let o = 0; o < 90; o++) {
      const [own, first] = [o, o - (o % 3)];
      const scaled = (other.weight[own]! - other.weight[first]!) * 2 ** (Math.floor(o / 3) % 5);
      expect(scaled).toBeCloseTo(plain.weight[own]! - plain.weight[first]!, 4);
    }
  });
  it("says what is wrong", () => {
    expect(() => lda({ shrinkage: 2 })).toThrow(
      '[trainers/lda] expected shrinkage to be "auto" or a number from 0 to 1; received 2',
    );
    expect(() => fitLda(sample(20), labels, 3, { shrinkage: 0 })).toThrow(
      "[trainers/lda] expected shrinkage > 0, since 12 samples leave the covariance of 20 features singular; received 0",
    );
  });
});
