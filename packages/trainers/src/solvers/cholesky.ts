/** `A = L Lᵀ` with rows of `L` in the order of `A`; row `pivots[k]` is zero after column `k`. */
export interface Cholesky {
  /** Row-major `[size, size]`; only the first `rank` columns are used. */
  readonly lower: Float64Array;
  readonly size: number;
  readonly rank: number;
  /** The row that each step eliminated, `[rank]`, then the rows that depend on those, up to `size`. */
  readonly pivots: Int32Array;
}

/**
 * Factorizes a positive semidefinite matrix with diagonal pivoting (Higham 2002, algorithm 10.2), stopping where what
 * is left is below `tolerance` times the largest diagonal entry: dependent rows, such as duplicated samples, cost nothing.
 * Default: `size` rounding errors.
 */
export function choleskyPivoted(a: Float64Array, size: number, tolerance: number = size * Number.EPSILON): Cholesky {
  const lower = new Float64Array(size * size);
  const pivots = Int32Array.from({ length: size }, (_, i) => i);
  const rest = Float64Array.from({ length: size }, (_, i) => a[i * size + i]!);
  const stop = tolerance * rest.reduce((most, value) => Math.max(most, value), 0);
  let rank = 0;
  for (; rank < size; rank++) {
    let best = rank;
    for (let i = rank + 1; i < size; i++) if (rest[pivots[i]!]! > rest[pivots[best]!]!) best = i;
    const pivot = pivots[best]!;
    if (!(rest[pivot]! > stop)) break;
    [pivots[rank], pivots[best]] = [pivot, pivots[rank]!];
    eliminate(a, lower, size, rank, pivots, rest);
  }
  return { lower, size, rank, pivots };
}

/** Column `k` of `L`, four rows at a time. */
function eliminate(
  a: Float64Array,
  lower: Float64Array,
  size: number,
  k: number,
  pivots: Int32Array,
  rest: Float64Array,
): void {
  const pivot = pivots[k]!;
  const root = Math.sqrt(rest[pivot]!);
  const o = pivot * size;
  lower[o + k] = root;
  for (let i = k + 1; i < size; i += 4) {
    const count = Math.min(4, size - i);
    const p = pivots[i]! * size;
    const q = count > 1 ? pivots[i + 1]! * size : p;
    const r = count > 2 ? pivots[i + 2]! * size : p;
    const s = count > 3 ? pivots[i + 3]! * size : p;
    let [c0, c1, c2, c3] = [0, 0, 0, 0];
    for (let j = 0; j < k; j++) {
      const value = lower[o + j]!;
      c0 += value * lower[p + j]!;
      c1 += value * lower[q + j]!;
      c2 += value * lower[r + j]!;
      c3 += value * lower[s + j]!;
    }
    store(a, lower, rest, o, k, p, size, root, c0);
    if (count > 1) store(a, lower, rest, o, k, q, size, root, c1);
    if (count > 2) store(a, lower, rest, o, k, r, size, root, c2);
    if (count > 3) store(a, lower, rest, o, k, s, size, root, c3);
  }
}

/** Entry `k` of the row that starts at `at`, and what it leaves of the row's diagonal. */
function store(
  a: Float64Array,
  lower: Float64Array,
  rest: Float64Array,
  pivotAt: number,
  k: number,
  at: number,
  size: number,
  root: number,
  sum: number,
): void {
  const row = at / size;
  const entry = (a[pivotAt + row]! - sum) / root;
  lower[at + k] = entry;
  rest[row] = rest[row]! - entry * entry;
}

/** Solves `L y = b` on the pivots for `y` `[rank]`. */
export function solveLower({ lower, size, rank, pivots }: Cholesky, b: ArrayLike<number>): Float64Array {
  const y = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    const o = pivots[k]! * size;
    let sum = b[pivots[k]!]!;
    for (let j = 0; j < k; j++) sum -= lower[o + j]! * y[j]!;
    y[k] = sum / lower[o + k]!;
  }
  return y;
}

/** Solves `Lᵀ x = y` with `x` `[size]` zero off the pivots. */
export function solveUpper({ lower, size, rank, pivots }: Cholesky, y: ArrayLike<number>): Float64Array {
  const left = Float64Array.from({ length: rank }, (_, k) => y[k]!);
  const x = new Float64Array(size);
  for (let k = rank - 1; k >= 0; k--) {
    const o = pivots[k]! * size;
    const value = left[k]! / lower[o + k]!;
    x[pivots[k]!] = value;
    for (let j = 0; j < k; j++) left[j] = left[j]! - lower[o + j]! * value;
  }
  return x;
}
