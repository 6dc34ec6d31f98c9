import { float32, type GraphBuilder, numberOption, onlyOptions, type PlainOptions, type Value } from "@graft-ml/core";
import { reduceSum } from "@graft-ml/graph";
import type { Regularizer } from "./regularizer.ts";
import { sumOfSquares, total } from "./sums.ts";

/** Squarings of a matrix: its 2³⁰th power tells eigenvalues apart that float32 can tell apart. */
const SQUARINGS = 30;

/**
 * Batch spectral shrinkage: η Σ σ² over the smallest singular values of a batch's features `[batch, features]` (Chen et al., NeurIPS
 * 2019, eq. 5), which weakens the directions that transfer worst. Defaults: `k` 1, `strength` (η) 0.001, the paper's.
 *
 * A singular value is ‖uᵀF‖ with u the eigenvector of FFᵀ. Its derivative by u is zero, so u is found without gradient: I − FFᵀ/c is
 * squared until only the smallest eigenvalue's projector is left; the next one is found with that direction lifted out of the way.
 */
export function bss(options: PlainOptions = {}): Regularizer {
  const where = "trainers/bss";
  onlyOptions(where, options, ["k", "strength"]);
  const k = numberOption(where, options, "k", 1, { min: 1, integer: true });
  const strength = numberOption(where, options, "strength", 0.001, { min: 0 });
  return {
    name: "bss",
    summary: "shrinks the smallest singular values of a batch's features",
    term({ features, weights, detach }, g) {
      const [batch, width] = features.dims as [number, number];
      const real = g.op("Cast", [g.op("Greater", [weights, g.scalar(0)])], { to: 1 });
      const rows = g.op("Mul", [features, g.op("Unsqueeze", [real, g.ints([1])])]);
      const tall = batch > width;
      const matrix = tall ? g.op("Transpose", [rows], { perm: [1, 0] }) : rows;
      const size = Math.min(batch, width);
      const fixed = detach(matrix);
      const product = g.op("MatMul", [fixed, g.op("Transpose", [fixed], { perm: [1, 0] })]);
      const scale = trace(g, product, size);
      // A row that fills the batch up is no direction: it would be the smallest singular value, 0.
      let gram = tall ? product : lifted(g, product, g.op("Sub", [g.scalar(1), real]), scale, size);
      const squares: Value[] = [];
      for (let i = 0; i < Math.min(k, size); i++) {
        const direction = smallest(g, gram, g.op("Mul", [scale, g.scalar(2)]), size);
        squares.push(sumOfSquares(g, g.op("MatMul", [g.op("Transpose", [direction], { perm: [1, 0] }), matrix])));
        const outer = g.op("MatMul", [direction, g.op("Transpose", [direction], { perm: [1, 0] })]);
        gram = g.op("Add", [gram, g.op("Mul", [outer, scale])]);
      }
      return g.op("Mul", [total(g, squares), g.scalar(strength)]);
    },
  };
}

/** The eigenvector of the smallest eigenvalue of a positive semidefinite matrix, `[size, 1]`; `bound` is above all of its eigenvalues. */
function smallest(g: GraphBuilder, matrix: Value, bound: Value, size: number): Value {
  let power = g.op("Sub", [identity(g, size), g.op("Div", [matrix, bound])]);
  for (let i = 0; i < SQUARINGS; i++) {
    const square = g.op("MatMul", [power, power]);
    power = g.op("Div", [square, trace(g, square, size)]);
  }
  // Any start will do that is not orthogonal to what is looked for.
  const start = Array.from({ length: size }, (_, i) => 0.5 + (((i + 1) * 7919) % 9973) / 9973);
  const found = g.op("MatMul", [power, g.constant(float32([size, 1], start))]);
  return g.op("Div", [found, g.op("Sqrt", [sumOfSquares(g, found)])]);
}

function trace(g: GraphBuilder, matrix: Value, size: number): Value {
  const sum = reduceSum(g, g.op("Mul", [matrix, identity(g, size)]), [0, 1], false);
  return g.op("Add", [sum, g.scalar(1e-30)]);
}

/** Adds `by` to the diagonal at the rows that are marked by 1. */
function lifted(g: GraphBuilder, matrix: Value, marked: Value, by: Value, size: number): Value {
  const diagonal = g.op("Mul", [identity(g, size), g.op("Unsqueeze", [marked, g.ints([1])])]);
  return g.op("Add", [matrix, g.op("Mul", [diagonal, by])]);
}

function identity(g: GraphBuilder, size: number): Value {
  return g.constant(
    float32(
      [size, size],
      Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)),
    ),
  );
}
