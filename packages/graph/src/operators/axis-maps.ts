import { float32, type GraphBuilder, type Value } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import { staticDims } from "../operator.ts";
import { padded } from "./pad-geometry.ts";

/** A linear map from an axis of `columns` elements to one of `rows`, row-major. */
export interface AxisMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Applies a constant matrix along one axis of a static value. */
export function multiplyAxis(g: GraphBuilder, x: Value, axis: number, m: AxisMatrix): Value {
  const dims = staticDims(x);
  const out = dims.map((dim, i) => (i === axis ? m.rows : dim));
  if (axis === dims.length - 1) return g.op("MatMul", [x, matrixOf(g, transposed(m))]);
  const product = (rows: readonly number[]): number => rows.reduce((a, b) => a * b, 1);
  const blocks = reshape(g, x, [product(dims.slice(0, axis)), m.columns, product(dims.slice(axis + 1))]);
  return reshape(g, g.op("MatMul", [matrixOf(g, m), blocks]), out);
}

/** The transposed map, which carries gradients back. */
export function transposed({ rows, columns, data }: AxisMatrix): AxisMatrix {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) turned[k * rows + i] = data[i * columns + k]!;
  return { rows: columns, columns: rows, data: turned };
}

/** The gradient of picking `indices` along an axis of `size`: what was picked more than once is summed. */
export function unpick(g: GraphBuilder, dy: Value, axis: number, indices: readonly number[], size: number): Value {
  if (indices.length === size && indices.every((from, i) => from === i)) return dy;
  const repeats = indices.length / size;
  const dims = staticDims(dy);
  if (Number.isInteger(repeats) && repeats > 0 && indices.every((from, i) => from === Math.floor(i / repeats))) {
    const split = [...dims.slice(0, axis), size, repeats, ...dims.slice(axis + 1)];
    return reduceSum(g, reshape(g, dy, split), [axis + 1], false);
  }
  const runs = runsOf(indices);
  // Slices as they are emitted came with operator set 10.
  if (runs.length > MOST_RUNS || g.opset < 10) {
    const data = new Float32Array(size * indices.length);
    indices.forEach((from, i) => {
      data[from * indices.length + i] = 1;
    });
    return multiplyAxis(g, dy, axis, { rows: size, columns: indices.length, data });
  }
  const parts = runs.map(({ at, length, from, step }) => {
    const whole = length === indices.length;
    const part = whole ? dy : g.op("Slice", [dy, g.ints([at]), g.ints([at + length]), g.ints([axis])]);
    const lowest = step < 0 ? from - (length - 1) : from;
    const last = size - lowest - (step === 0 ? 1 : length);
    const at0 = (amount: number): number[] => dims.map((_, i) => (i === axis ? amount : 0));
    return padded(g, straightened(g, part, axis, step), at0(lowest), at0(last));
  });
  return parts.reduce((sum, part) => g.op("Add", [sum, part]));
}

/** More pieces than this are slower than one product. */
const MOST_RUNS = 8;

function straightened(g: GraphBuilder, part: Value, axis: number, step: number): Value {
  if (step > 0) return part;
  if (step === 0) return reduceSum(g, part, [axis], true);
  return g.op("Slice", [part, g.ints([-1]), g.ints([-(2 ** 31)]), g.ints([axis]), g.ints([-1])]);
}

/** Maximal stretches that stand still, rise by one or fall by one. */
function runsOf(indices: readonly number[]): { at: number; length: number; from: number; step: number }[] {
  const runs: { at: number; length: number; from: number; step: number }[] = [];
  indices.forEach((index, i) => {
    const run = runs.at(-1);
    const step = run === undefined ? 0 : index - indices[i - 1]!;
    if (run !== undefined && run.length === 1 && Math.abs(step) <= 1) Object.assign(run, { length: 2, step });
    else if (run !== undefined && run.length > 1 && step === run.step) run.length++;
    else runs.push({ at: i, length: 1, from: index, step: 1 });
  });
  return runs;
}

function matrixOf(g: GraphBuilder, { rows, columns, data }: AxisMatrix): Value {
  return g.constant(float32([rows, columns], data));
}
