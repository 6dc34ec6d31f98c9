import { type Cholesky, choleskyPivoted, solveLower, solveUpper } from "./cholesky.ts";
import { addColumnProducts, addRowProducts, mirror, panel } from "./row-products.ts";
import type { Samples } from "./samples.ts";
import { standardizedRows } from "./standardization.ts";

/** What one class adds to the pooled covariance: `prior (1 - shrinkage) S + diagonal`. */
export interface ClassCovariance {
  readonly rows: Int32Array;
  readonly mean: Float64Array;
  readonly prior: number;
  readonly shrinkage: number;
  /** Already times the prior, `[dims]`. */
  readonly diagonal: Float64Array;
}

const CHUNK = 256;

/**
 * `Σ⁻¹ b` for each row of `b` `[classes, dims]`, `Σ` the sum of the classes' parts; undefined where `Σ` is singular.
 * With fewer samples than features `Σ = D + UᵀU` is inverted by Woodbury's identity in `[samples, samples]`.
 */
export function solveCovariance(
  samples: Samples,
  parts: readonly ClassCovariance[],
  b: Float64Array,
): Float64Array | undefined {
  const { count, dims } = samples;
  const diagonal = new Float64Array(dims);
  for (const part of parts) for (let j = 0; j < dims; j++) diagonal[j] = diagonal[j]! + part.diagonal[j]!;
  const definite = diagonal.every((value) => value > 0);
  return count <= dims && definite
    ? solveWoodbury(samples, parts, diagonal, b)
    : solveDirectly(samples, parts, diagonal, b);
}

function solveWoodbury(
  { features, count, dims, classes }: Samples,
  parts: readonly ClassCovariance[],
  diagonal: Float64Array,
  b: Float64Array,
): Float64Array {
  // U D^-½ and b D^-½: the identity then reads (I + VᵀV)⁻¹ = I - Vᵀ (I + V Vᵀ)⁻¹ V.
  const v = new Float64Array(count * dims);
  let at = 0;
  for (const part of parts) {
    const inverse = diagonal.map((d) => weightOf(part) / Math.sqrt(d));
    standardizedRows(features, dims, part.rows, { mean: part.mean, inverse }, v.subarray(at * dims));
    at += part.rows.length;
  }
  const rows = panel(v, count, dims);
  const system = new Float64Array(count * count);
  addRowProducts(system, rows, rows, dims, true);
  mirror(system, count);
  for (let i = 0; i < count; i++) system[i * count + i] = system[i * count + i]! + 1;
  const factor = choleskyPivoted(system, count);
  const scaled = b.map((value, i) => value / Math.sqrt(diagonal[i % dims]!));
  const products = new Float64Array(classes * count);
  addRowProducts(products, panel(scaled, classes, dims), rows, dims);
  for (let k = 0; k < classes; k++) {
    const x = solve(factor, products.subarray(k * count, (k + 1) * count));
    for (let i = 0; i < count; i++) {
      for (let j = 0, o = k * dims; j < dims; j++, o++) scaled[o] = scaled[o]! - x[i]! * v[i * dims + j]!;
    }
  }
  return scaled.map((value, i) => value / Math.sqrt(diagonal[i % dims]!));
}

function solveDirectly(
  { features, dims, classes }: Samples,
  parts: readonly ClassCovariance[],
  diagonal: Float64Array,
  b: Float64Array,
): Float64Array | undefined {
  const sigma = new Float64Array(dims * dims);
  for (const part of parts) {
    const inverse = new Float64Array(dims).fill(weightOf(part));
    for (let start = 0; start < part.rows.length; start += CHUNK) {
      const rows = part.rows.subarray(start, start + CHUNK);
      addColumnProducts(sigma, standardizedRows(features, dims, rows, { mean: part.mean, inverse }), rows.length, dims);
    }
  }
  mirror(sigma, dims);
  for (let j = 0; j < dims; j++) sigma[j * dims + j] = sigma[j * dims + j]! + diagonal[j]!;
  const factor = choleskyPivoted(sigma, dims);
  if (factor.rank < dims) return undefined;
  const out = new Float64Array(classes * dims);
  for (let k = 0; k < classes; k++) out.set(solve(factor, b.subarray(k * dims, (k + 1) * dims)), k * dims);
  return out;
}

function solve(factor: Cholesky, b: Float64Array): Float64Array {
  return solveUpper(factor, solveLower(factor, b));
}

function weightOf({ prior, shrinkage, rows }: ClassCovariance): number {
  return Math.sqrt((prior * (1 - shrinkage)) / rows.length);
}
