import { describe, expect, it } from "vitest";
import { type ClassWeights, classWeights } from "./class-weights.ts";

const data = {
  classes: ["cat", "dog", "fox"],
  samples: [0, 0, 0, 1, 2, 2].map((label) => ({ label, split: "train" })).concat({ label: 1, split: "test" }),
};

describe("class weights", () => {
  it("balance the training samples, as scikit-learn does: n / (classes · own)", () => {
    expect(classWeights("balanced", data)).toEqual([6 / 9, 6 / 3, 6 / 6]);
  });

  it("are 1 where nobody says otherwise", () => {
    expect(classWeights({ fox: 2.5 }, data)).toEqual([1, 1, 2.5]);
  });

  it.each<[unknown, string]>([
    [{ fix: 1 }, '[graft/class-weights] unknown class "fix"; did you mean "fox"? known: cat, dog, fox'],
    [{ cat: 0 }, '[graft/class-weights] expected the weight of class "cat" to be a number above 0; received 0'],
    ["equal", '[graft/class-weights] expected class weights to be "balanced" or numbers by class; received "equal"'],
  ])("refuse %j", (wanted, message) => {
    expect(() => classWeights(wanted as ClassWeights, data)).toThrow(message);
  });

  it("cannot balance a class without training samples", () => {
    expect(() => classWeights("balanced", { ...data, samples: data.samples.slice(0, 3) })).toThrow(
      "[trainers/balanced-weights] expected training samples of every class; class 1 has none. Give weights by name, or add samples",
    );
  });
});
