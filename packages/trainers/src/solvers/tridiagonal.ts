/** `A = Q T Qᵀ` with orthogonal `Q` and symmetric tridiagonal `T`. */
export interface Tridiagonal {
  readonly size: number;
  readonly diagonal: Float64Array;
  /** `[size - 1]` used. */
  readonly offDiagonal: Float64Array;
  /** `Q`, row-major `[size, size]`. */
  readonly basis: Float64Array;
}

/** Reduces a symmetric matrix by Householder reflections (Golub & Van Loan 2013, algorithm 8.3.1); overwrites `a`. */
export function tridiagonalize(a: Float64Array, size: number): Tridiagonal {
  const diagonal = new Float64Array(size);
  const offDiagonal = new Float64Array(size);
  const reflectors = new Float64Array(size * size);
  const betas = new Float64Array(size);
  for (let k = 0; k < size - 1; k++) {
    const v = reflectors.subarray(k * size, (k + 1) * size);
    for (let i = k + 1; i < size; i++) v[i] = a[i * size + k]!;
    let rest = 0;
    for (let i = k + 2; i < size; i++) rest += v[i]! * v[i]!;
    const head = v[k + 1]!;
    offDiagonal[k] = head;
    if (rest === 0) continue;
    const norm = Math.sqrt(head * head + rest);
    offDiagonal[k] = head > 0 ? -norm : norm;
    v[k + 1] = head - offDiagonal[k]!;
    betas[k] = 2 / (v[k + 1]! * v[k + 1]! + rest);
    reflect(a, size, k + 1, v, betas[k]!);
  }
  for (let i = 0; i < size; i++) diagonal[i] = a[i * size + i]!;
  return { size, diagonal, offDiagonal, basis: accumulate(reflectors, betas, size) };
}

/** `A ← H A H` on the trailing block, lower triangle only, with `H = I - β v vᵀ`. */
function reflect(a: Float64Array, size: number, from: number, v: Float64Array, beta: number): void {
  const w = new Float64Array(size);
  for (let i = from; i < size; i++) {
    const o = i * size;
    const vi = v[i]!;
    let [even, odd] = [0, 0];
    let j = from;
    for (; j + 1 < i; j += 2) {
      const x = a[o + j]!;
      const y = a[o + j + 1]!;
      even += x * v[j]!;
      odd += y * v[j + 1]!;
      w[j] = w[j]! + x * vi;
      w[j + 1] = w[j + 1]! + y * vi;
    }
    if (j < i) {
      even += a[o + j]! * v[j]!;
      w[j] = w[j]! + a[o + j]! * vi;
    }
    w[i] = w[i]! + even + odd + a[o + i]! * vi;
  }
  let along = 0;
  for (let i = from; i < size; i++) along += w[i]! * v[i]!;
  const shift = (beta * along) / 2;
  for (let i = from; i < size; i++) w[i] = beta * (w[i]! - shift * v[i]!);
  for (let i = from; i < size; i++) {
    const o = i * size;
    const vi = v[i]!;
    const wi = w[i]!;
    for (let j = from; j <= i; j++) a[o + j] = a[o + j]! - (vi * w[j]! + wi * v[j]!);
  }
}

/** `Q = H₀ H₁ …`, from the last reflection back so that only the block it fills is touched. */
function accumulate(reflectors: Float64Array, betas: Float64Array, size: number): Float64Array {
  const q = new Float64Array(size * size);
  for (let i = 0; i < size; i++) q[i * size + i] = 1;
  const t = new Float64Array(size);
  for (let k = size - 3; k >= 0; k--) {
    if (betas[k] === 0) continue;
    const v = reflectors.subarray(k * size, (k + 1) * size);
    t.fill(0);
    for (let i = k + 1; i < size; i++) {
      const scale = betas[k]! * v[i]!;
      for (let j = k + 1, o = i * size + j; j < size; j++, o++) t[j] = t[j]! + scale * q[o]!;
    }
    for (let i = k + 1; i < size; i++) {
      const scale = v[i]!;
      for (let j = k + 1, o = i * size + j; j < size; j++, o++) q[o] = q[o]! - scale * t[j]!;
    }
  }
  return q;
}

/** `T + λ I = L D Lᵀ` with unit bidiagonal `L`. */
export interface ShiftedFactor {
  readonly pivots: Float64Array;
  /** Entries of `L` below the diagonal; `[0]` unused. */
  readonly below: Float64Array;
}

/** Factorizes `T + λ I`, positive definite, in `size` steps: this is why a whole grid of λ costs little. */
export function factorShifted({ size, diagonal, offDiagonal }: Tridiagonal, lambda: number): ShiftedFactor {
  const pivots = new Float64Array(size);
  const below = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    const coupling = j > 0 ? offDiagonal[j - 1]! : 0;
    below[j] = j > 0 ? coupling / pivots[j - 1]! : 0;
    pivots[j] = diagonal[j]! + lambda - below[j]! * coupling;
  }
  return { pivots, below };
}

/** `qᵀ (T + λ I)⁻¹ q`. */
export function quadraticForm({ pivots, below }: ShiftedFactor, q: Float64Array): number {
  let sum = 0;
  let z = 0;
  for (let j = 0; j < q.length; j++) {
    z = q[j]! - below[j]! * z;
    sum += (z * z) / pivots[j]!;
  }
  return sum;
}

/** `(T + λ I)⁻¹ b`. */
export function solveShifted({ pivots, below }: ShiftedFactor, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let j = 1; j < x.length; j++) x[j] = x[j]! - below[j]! * x[j - 1]!;
  for (let j = x.length - 1; j >= 0; j--) {
    x[j] = x[j]! / pivots[j]! - (j + 1 < x.length ? below[j + 1]! * x[j + 1]! : 0);
  }
  return x;
}
