import { type Dim, fail, type GraphBuilder, toNumbers, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { picked, positionOf, stridesOf } from "./evaluation.ts";

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** A part of a value, with steps, forwards or backwards; before operator set 10 its bounds are attributes. */
export const slice: Operator = {
  op: "Slice",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    if ([1, 2, 3, 4].some((i) => c.optional(i) !== undefined && c.constant(i) === undefined)) {
      const open = openAxes(c, dims.length);
      return [{ dtype, dims: dims.map((dim, i) => (open.includes(i) ? c.unknown() : dim)) }];
    }
    const out: Dim[] = [...dims];
    for (const { axis, length } of ranges(c, dims)) out[axis] = length < 0 ? c.unknown() : length;
    return [{ dtype, dims: out }];
  },
  evaluate(c, [x]) {
    const { dims } = x!;
    const out = [...dims];
    const [starts, steps] = [dims.map(() => 0), dims.map(() => 1)];
    for (const { axis, start, step, length } of ranges(c, dims)) {
      [out[axis], starts[axis], steps[axis]] = [length, start, step];
    }
    const strides = stridesOf(dims);
    const place = (position: readonly number[]): number =>
      position.reduce((sum, at, axis) => sum + (starts[axis]! + at * steps[axis]!) * strides[axis]!, 0);
    return [picked(x!, out, (i) => place(positionOf(i, out)))];
  },
  gradient({ g, node, inputs, constant, dy, attributes }) {
    const x = inputs[0]!;
    const dims = staticDims(x);
    const c = { node, constant, attributes, optional: (i: number) => inputs[i] } as unknown as InferContext;
    let gradient = dy;
    for (const range of ranges(c, dims)) gradient = unslice(g, gradient, range, dims[range.axis]!);
    return [gradient];
  },
};

/** Puts a slice's gradient back where the slice came from, zeros elsewhere. */
function unslice(g: GraphBuilder, dy: Value, range: Range, full: number): Value {
  const { axis, length } = range;
  const step = Math.abs(range.step);
  const lowest = range.step > 0 ? range.start : range.start + (length - 1) * range.step;
  let gradient = dy;
  if (range.step < 0)
    gradient = g.op("Slice", [gradient, g.ints([-1]), g.ints([-(2 ** 31)]), g.ints([axis]), g.ints([-1])]);
  const dims = [...staticDims(gradient)];
  if (step > 1) {
    const spread = [...dims.slice(0, axis + 1), 1, ...dims.slice(axis + 1)];
    const pads = new Array<number>(spread.length * 2).fill(0);
    pads[spread.length + axis + 1] = step - 1;
    gradient = g.op("Pad", [reshape(g, gradient, spread), g.ints(pads)]);
    dims[axis] = length * step;
    gradient = reshape(g, gradient, dims);
  }
  const after = full - lowest - dims[axis]!;
  const pads = new Array<number>(dims.length * 2).fill(0);
  pads[axis] = lowest;
  pads[dims.length + axis] = after;
  return lowest === 0 && after === 0 ? gradient : g.op("Pad", [gradient, g.ints(pads)]);
}

/** The axes that a slice may touch whose bounds depend on what is fed. */
function openAxes(c: InferContext, rank: number): readonly number[] {
  const all = Array.from({ length: rank }, (_, i) => i);
  const axes = c.constant(3);
  if (axes !== undefined) return Array.from(toNumbers(axes), (axis) => normalizeAxis(c.node, axis, rank));
  const count = c.input(1).dims[0];
  return c.optional(3) === undefined && typeof count === "number" ? all.slice(0, count) : all;
}

function ranges(c: InferContext, dims: readonly Dim[]): Range[] {
  const list = (index: number, attribute: string): readonly number[] | undefined => {
    if (c.attributes.has(attribute)) return c.attributes.ints(attribute);
    if (c.optional(index) === undefined) return undefined;
    const constant = c.constant(index);
    if (constant === undefined)
      throw fail("graph", `node "${c.node.name}" (Slice): starts, ends, axes and steps must be constant`);
    return Array.from(toNumbers(constant));
  };
  const starts = list(1, "starts") ?? [];
  const ends = list(2, "ends") ?? [];
  const axes = list(3, "axes") ?? starts.map((_, i) => i);
  if (
    ends.length !== starts.length ||
    axes.length !== starts.length ||
    (list(4, "steps") ?? starts).length !== starts.length
  )
    throw fail(
      "graph",
      `node "${c.node.name}" (Slice): ${starts.length} starts, ${ends.length} ends and ${axes.length} axes`,
    );
  const steps = list(4, "steps") ?? starts.map(() => 1);
  return starts.map((begin, i) => {
    const axis = normalizeAxis(c.node, axes[i]!, dims.length);
    const size = dims[axis]!;
    const step = steps[i] ?? 0;
    if (step === 0) throw fail("graph", `node "${c.node.name}" (Slice): expected steps other than 0`);
    if (typeof size === "string") return { axis, start: begin, step, length: -1 };
    const clamp = (value: number, low: number, high: number): number =>
      Math.min(high, Math.max(low, value < 0 ? value + size : value));
    const start = step > 0 ? clamp(begin, 0, size) : clamp(begin, 0, size - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, size) : clamp(ends[i]!, -1, size - 1);
    return { axis, start, step, length: Math.max(0, Math.ceil((end - start) / step)) };
  });
}
