/** Rows of a row-major matrix, or of a part of one. */
export interface Panel {
  readonly data: Float64Array;
  readonly offset: number;
  /** Elements from one row to the next. */
  readonly stride: number;
  readonly rows: number;
}

/** Terms that are summed at once: 6 rows of so many doubles stay in the first-level cache. */
const DEPTH = 256;

/** A whole matrix as a panel. */
export function panel(data: Float64Array, rows: number, columns: number): Panel {
  return { data, offset: 0, stride: columns, rows };
}

/**
 * Adds the dot products of rows, `out += a bᵀ` over the first `depth` columns; `out` is row-major `[a.rows, b.rows]`.
 * With `lower`, entries above the diagonal may be left unfinished: call `mirror` when all is added.
 */
export function addRowProducts(out: Float64Array, a: Panel, b: Panel, depth: number, lower = false): void {
  for (let start = 0; start < depth; start += DEPTH) {
    const width = Math.min(DEPTH, depth - start);
    for (let i = 0; i < a.rows; i += 4) {
      const end = lower ? Math.min(i + 4, b.rows) : b.rows;
      for (let j = 0; j < end; j += 2) addBlock(out, a, b, i, j, start, width);
    }
  }
}

/** Copies the lower triangle of a square matrix onto the upper. */
export function mirror(matrix: Float64Array, size: number): void {
  for (let i = 1; i < size; i++) {
    for (let j = 0; j < i; j++) matrix[j * size + i] = matrix[i * size + j]!;
  }
}

/** `XᵀX += rowsᵀ rows` for row-major `rows` `[count, dims]`; the lower triangle only, as in `addRowProducts`. */
export function addColumnProducts(out: Float64Array, rows: Float64Array, count: number, dims: number): void {
  const transposed = new Float64Array(dims * Math.min(DEPTH, count));
  for (let start = 0; start < count; start += DEPTH) {
    const width = Math.min(DEPTH, count - start);
    for (let r = 0; r < width; r++) {
      const offset = (start + r) * dims;
      for (let j = 0; j < dims; j++) transposed[j * width + r] = rows[offset + j]!;
    }
    const columns = panel(transposed, dims, width);
    addRowProducts(out, columns, columns, width, true);
  }
}

/** Four rows by two: eight sums fill the processor's pipeline and still fit its registers. */
function addBlock(out: Float64Array, a: Panel, b: Panel, i: number, j: number, start: number, width: number): void {
  const x = a.data;
  const y = b.data;
  const rows = a.rows - i;
  const pair = j + 1 < b.rows;
  const p = a.offset + i * a.stride + start;
  const q = rows > 1 ? p + a.stride : p;
  const r = rows > 2 ? q + a.stride : p;
  const s = rows > 3 ? r + a.stride : p;
  const u = b.offset + j * b.stride + start;
  const v = pair ? u + b.stride : u;
  let [c00, c01, c10, c11, c20, c21, c30, c31] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let t = 0; t < width; t++) {
    const y0 = y[u + t]!;
    const y1 = y[v + t]!;
    const x0 = x[p + t]!;
    c00 += x0 * y0;
    c01 += x0 * y1;
    const x1 = x[q + t]!;
    c10 += x1 * y0;
    c11 += x1 * y1;
    const x2 = x[r + t]!;
    c20 += x2 * y0;
    c21 += x2 * y1;
    const x3 = x[s + t]!;
    c30 += x3 * y0;
    c31 += x3 * y1;
  }
  const o = i * b.rows + j;
  addPair(out, o, c00, c01, pair);
  if (rows > 1) addPair(out, o + b.rows, c10, c11, pair);
  if (rows > 2) addPair(out, o + 2 * b.rows, c20, c21, pair);
  if (rows > 3) addPair(out, o + 3 * b.rows, c30, c31, pair);
}

function addPair(out: Float64Array, at: number, first: number, second: number, pair: boolean): void {
  out[at] = out[at]! + first;
  if (pair) out[at + 1] = out[at + 1]! + second;
}
