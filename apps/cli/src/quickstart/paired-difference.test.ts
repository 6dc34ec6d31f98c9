import { expect, it } from "vitest";
import { pairedDifference } from "./paired-difference.ts";

// n = 50, b = 12, c = 9, by hand (Newcombe 1998, method 1):
// d = (12 - 9) / 50; se = sqrt(12 + 9 - (12 - 9)**2 / 50) / 50
it("gives the interval of the difference of paired proportions", () => {
  const a = Array.from({ length: 50 }, (_, i) => i < 12 || i >= 21);
  const b = Array.from({ length: 50 }, (_, i) => i >= 12);
  const { difference, interval } = pairedDifference(a, b);
  expect(difference).toBeCloseTo(0.06, 12);
  expect(interval[0]).toBeCloseTo(0.06 - 0.178861, 4);
  expect(interval[1]).toBeCloseTo(0.06 + 0.178861, 4);
});
