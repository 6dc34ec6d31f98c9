import { seededRandom } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { choleskyPivoted, solveLower, solveUpper } from "./cholesky.ts";
import { addColumnProducts, addRowProducts, mirror, panel } from "./row-products.ts";
import { factorShifted, quadraticForm, solveShifted, tridiagonalize } from "./tridiagonal.ts";

const random = seededRandom(5);
const matrix = (rows: number, columns: number): Float64Array =>
  Float64Array.from({ length: rows * columns }, () => random.normal());

function naiveProducts(a: Float64Array, b: Float64Array, depth: number): number[] {
  const rows = a.length / depth;
  const columns = b.length / depth;
  return Array.from({ length: rows * columns }, (_, o) => {
    let sum = 0;
    for (let t = 0; t < depth; t++) sum += a[Math.floor(o / columns) * depth + t]! * b[(o % columns) * depth + t]!;
    return sum;
  });
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 10): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]!).toBeCloseTo(expected[i]!, digits);
}

describe("products of rows", () => {
  it.each([
    [1, 1, 3],
    [5, 3, 7],
    [4, 2, 300],
    [9, 8, 513],
  ])("agree with the definition for %i × %i rows of %i", (m, n, depth) => {
    const [a, b] = [matrix(m, depth), matrix(n, depth)];
    const out = new Float64Array(m * n);
    addRowProducts(out, panel(a, m, depth), panel(b, n, depth), depth);
    expectClose(out, naiveProducts(a, b, depth));
  });
  it.each([
    [3, 5],
    [270, 6],
    [1, 1],
    [2, 9],
  ])("of columns add up over calls for %i rows of %i", (count, dims) => {
    const x = matrix(count, dims);
    const out = new Float64Array(dims * dims);
    for (let call = 0; call < 2; call++) {
      addColumnProducts(out, x, count, dims);
      mirror(out, dims);
    }
    const transposed = Float64Array.from(
      { length: x.length },
      (_, o) => x[(o % count) * dims + Math.floor(o / count)]!,
    );
    expectClose(
      out,
      naiveProducts(transposed, transposed, count).map((value) => 2 * value),
    );
  });
});

describe("pivoted Cholesky", () => {
  it("solves a definite system", () => {
    const x = matrix(7, 9);
    const a = Float64Array.from(naiveProducts(x, x, 9));
    const b = matrix(7, 1);
    const factor = choleskyPivoted(a, 7);
    expect(factor.rank).toBe(7);
    expectClose(naiveProducts(a, solveUpper(factor, solveLower(factor, b)), 7), b, 8);
  });
  it("finds the rank of a semidefinite matrix and still reproduces it", () => {
    const x = matrix(8, 3);
    const a = Float64Array.from(naiveProducts(x, x, 3));
    const { lower, rank } = choleskyPivoted(a, 8);
    expect(rank).toBe(3);
    const used = Float64Array.from({ length: 24 }, (_, o) => lower[Math.floor(o / 3) * 8 + (o % 3)]!);
    expectClose(naiveProducts(used, used, 3), a);
  });
  it("gives rank 0 for zeros", () => {
    expect(choleskyPivoted(new Float64Array(9), 3).rank).toBe(0);
  });
});

describe("tridiagonalization", () => {
  it.each([1, 2, 3, 8, 13])("reproduces a matrix of size %i and solves it shifted", (size) => {
    const x = matrix(size, size + 2);
    const a = Float64Array.from(naiveProducts(x, x, size + 2));
    const reduced = tridiagonalize(a.slice(), size);
    const { basis, diagonal, offDiagonal } = reduced;
    const t = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      t[i * size + i] = diagonal[i]!;
      if (i + 1 < size) t[i * size + i + 1] = t[(i + 1) * size + i] = offDiagonal[i]!;
    }
    expectClose(naiveProducts(Float64Array.from(naiveProducts(basis, t, size)), basis, size), a);
    const b = matrix(size, 1);
    const factor = factorShifted(reduced, 0.5);
    const solved = solveShifted(factor, b);
    expectClose(
      naiveProducts(t, solved, size).map((value, i) => value + 0.5 * solved[i]!),
      b,
    );
    expect(quadraticForm(factor, b)).toBeCloseTo(naiveProducts(b, solved, size)[0]!, 10);
  });
});
