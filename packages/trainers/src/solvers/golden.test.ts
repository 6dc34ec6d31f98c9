import { describe, expect, it } from "vitest";
import golden from "../../golden/solvers.json" with { type: "json" };
import { fitLda } from "./lda.ts";
import { fitLogistic, type LogisticOptions } from "./logistic.ts";
import { fitRidge } from "./ridge.ts";
import type { LinearSolution } from "./solver.ts";

// Expected values: tools/golden/solvers.py, scikit-learn's LogisticRegression, RidgeCV and LinearDiscriminantAnalysis.
const { tolerance } = golden;

/** Largest difference, relative to the largest expected value. */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / scale;
}

/** Weights `[dims, classes]` as scikit-learn's `coef_` `[classes, dims]`. */
function coefficients({ weight, bias }: Pick<LinearSolution, "weight" | "bias">): number[] {
  const dims = weight.length / bias.length;
  return Array.from(bias, (_, k) => Array.from({ length: dims }, (_, j) => weight[j * bias.length + k]!)).flat();
}

describe.each(golden.cases)("$name samples", ({ inputs, expected }) => {
  const { classes } = inputs;
  const features = Float32Array.from(inputs.features);
  const labels = Int32Array.from(inputs.labels);

  const exact: LogisticOptions = { folds: 0, scaling: "none", tolerance: 1e-13 };
  it.each([...expected.logistic, { ...expected.weighted, weighted: true }])(
    "logistic agrees at c $c",
    async ({ c, coef, intercept, loss, ...rest }) => {
      const weights = "weighted" in rest ? { sampleWeights: inputs.sampleWeights } : {};
      const solution = await fitLogistic(features, labels, classes, { ...exact, ...weights, c });
      expect(solution.details.converged).toBe(true);
      expect(difference(coefficients(solution), coef)).toBeLessThan(tolerance.logisticCoef);
      expect(difference(solution.bias, intercept)).toBeLessThan(tolerance.logisticCoef);
      expect(Math.abs(solution.details.loss / loss - 1)).toBeLessThan(tolerance.logisticLoss);
    },
  );

  it("logistic folds the standardization into its weights", async () => {
    const { c, loss } = expected.standardized;
    const solution = await fitLogistic(features, labels, classes, { ...exact, scaling: "each", c });
    expect(Math.abs(solution.details.loss / loss - 1)).toBeLessThan(tolerance.logisticLoss);
  });

  it("ridge agrees in every leave-one-out error", () => {
    const { grid, squaredErrors, looError, lambda, coef, intercept } = expected.ridge;
    const solution = fitRidge(features, labels, classes, { grid });
    expect(solution.details.lambda).toBe(lambda);
    expect(difference(solution.details.looError, looError)).toBeLessThan(tolerance.ridgeError);
    const one = fitRidge(features, labels, classes, { grid: [grid[1]!] });
    const errors = Array.from(
      one.outOfFold!,
      (value, i) => (value - (labels[Math.floor(i / classes)] === i % classes ? 1 : -1)) ** 2,
    );
    expect(difference(errors, squaredErrors)).toBeLessThan(tolerance.ridgeError);
    expect(difference(coefficients(solution), coef)).toBeLessThan(tolerance.coef);
    expect(difference(solution.bias, intercept)).toBeLessThan(tolerance.coef);
  });

  it.each(expected.lda)("lda agrees at shrinkage $shrinkage", ({ shrinkage, classShrinkage, coef, intercept }) => {
    const solution = fitLda(features, labels, classes, { shrinkage: shrinkage as number | "auto" });
    if (classShrinkage) expect(difference(solution.details.shrinkage, classShrinkage)).toBeLessThan(tolerance.coef);
    expect(difference(coefficients(solution), coef)).toBeLessThan(tolerance.coef);
    expect(difference(solution.bias, intercept)).toBeLessThan(tolerance.coef);
  });
});
