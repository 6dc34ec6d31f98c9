import { describe, expect, it } from "vitest";
import { type Evaluation, minimize } from "./lbfgs.ts";

/** Rosenbrock's (1960) valley in `n` dimensions, least at ones. */
function rosenbrock(x: Float64Array): Evaluation {
  const gradient = new Float64Array(x.length);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const bend = x[i + 1]! - x[i]! ** 2;
    value += 100 * bend ** 2 + (1 - x[i]!) ** 2;
    gradient[i]! += -400 * x[i]! * bend - 2 * (1 - x[i]!);
    gradient[i + 1]! += 200 * bend;
  }
  return { value, gradient };
}

describe("minimize", () => {
  it.each([2, 10, 50])("finds the end of Rosenbrock's valley in %i dimensions", async (n) => {
    const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
    const { point, converged, evaluations } = await minimize(rosenbrock, start, { tolerance: 1e-9 });
    expect(converged).toBe(true);
    expect(evaluations).toBeLessThan(60 + 10 * n);
    for (const x of point) expect(x).toBeCloseTo(1, 8);
  });
  it("takes an asynchronous objective to the same point", async () => {
    const start = Float64Array.of(-1.2, 1);
    const now = await minimize(rosenbrock, start);
    const later = await minimize(async (x) => rosenbrock(x), start);
    expect(later).toEqual(now);
    expect([...start]).toEqual([-1.2, 1]);
  });
  it("recovers from a first step into infinity", async () => {
    const barrier = ([x]: Float64Array): Evaluation => ({
      value: x! - Math.log(x!),
      gradient: Float64Array.of(1 - 1 / x!),
    });
    const { point, converged } = await minimize(barrier, Float64Array.of(3), { tolerance: 1e-8 });
    expect(converged).toBe(true);
    expect(point[0]).toBeCloseTo(1, 7);
  });
  it("needs one step where the preconditioner is the inverse Hessian", async () => {
    const curvatures = [1, 1e3, 1e6];
    const bowl = (x: Float64Array): Evaluation => ({
      value: x.reduce((sum, value, i) => sum + (curvatures[i]! * value * value) / 2, 0),
      gradient: x.map((value, i) => curvatures[i]! * value),
    });
    const start = Float64Array.of(3, -2, 1);
    const precondition = (vector: Float64Array): Float64Array => vector.map((value, i) => value / curvatures[i]!);
    expect((await minimize(bowl, start, { precondition })).iterations).toBe(1);
    // A wrong scale costs a step or two, since the first pair mends it.
    const scaled = (vector: Float64Array): Float64Array => precondition(vector).map((value) => 1e-3 * value);
    expect((await minimize(bowl, start, { precondition: scaled })).iterations).toBeLessThan(8);
    expect((await minimize(bowl, start)).iterations).toBeGreaterThan(8);
  });
  it("tells when iterations run out", async () => {
    const { converged, iterations } = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { maxIterations: 3 });
    expect({ converged, iterations }).toEqual({ converged: false, iterations: 3 });
  });
  it("stops on request", async () => {
    const signal = AbortSignal.abort();
    await expect(minimize(rosenbrock, Float64Array.of(0, 0), { control: { signal } })).rejects.toThrow(
      expect.objectContaining({ code: "interrupted", message: "[trainers/lbfgs] interrupted" }),
    );
  });
  it("lets a timer stop it in the middle of synchronous work", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const slow = (x: Float64Array): Evaluation => {
      for (const until = performance.now() + 5; performance.now() < until; );
      return rosenbrock(x);
    };
    const start = Float64Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
    await expect(minimize(slow, start, { tolerance: 0, control: { signal: stop.signal } })).rejects.toThrow(
      "interrupted",
    );
  });
});
