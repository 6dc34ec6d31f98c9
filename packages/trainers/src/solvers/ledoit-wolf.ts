import { addColumnProducts, addRowProducts, mirror, panel } from "./row-products.ts";
import { type Standardization, standardizedRows } from "./standardization.ts";

/** A shrunk covariance, `(1 - shrinkage) S + shrinkage · target · I`. */
export interface Shrinkage {
  /** 0 to 1. */
  readonly shrinkage: number;
  /** Mean of the variances. */
  readonly target: number;
}

const CHUNK = 256;

/**
 * Ledoit & Wolf's (2004, section 3.3) optimal shrinkage of the covariance of the given rows towards a multiple of the
 * identity. It needs the fourth moments `Σ ‖z‖⁴` and so the samples themselves: `FeatureStatistics` cannot answer it.
 */
export function ledoitWolf(
  features: Float32Array,
  dims: number,
  rows: Int32Array,
  scaling: Standardization,
): Shrinkage {
  const count = rows.length;
  const dual = count <= dims;
  const size = dual ? count : dims;
  const gram = new Float64Array(size * size);
  let [squares, fourths] = [0, 0];
  const chunk = dual ? count : CHUNK;
  for (let start = 0; start < count; start += chunk) {
    const part = rows.subarray(start, start + chunk);
    const z = standardizedRows(features, dims, part, scaling);
    for (let r = 0; r < part.length; r++) {
      let norm = 0;
      for (let j = r * dims; j < (r + 1) * dims; j++) norm += z[j]! * z[j]!;
      squares += norm;
      fourths += norm * norm;
    }
    if (dual) addRowProducts(gram, panel(z, count, dims), panel(z, count, dims), dims, true);
    else addColumnProducts(gram, z, part.length, dims);
  }
  mirror(gram, size);
  const target = squares / count / dims;
  if (dims === 1) return { shrinkage: 0, target };
  // ‖ZᵀZ‖² = ‖ZZᵀ‖², so the smaller Gram matrix will do.
  const frobenius = gram.reduce((sum, value) => sum + value * value, 0) / count ** 2;
  const error = (fourths / count - frobenius) / (dims * count);
  const distance = frobenius / dims - target * target;
  return { shrinkage: error <= 0 ? 0 : Math.min(error, distance) / distance, target };
}
