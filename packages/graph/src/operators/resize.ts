import { type Dim, fail, float32, int64, type Value } from "@graft-ml/core";
import { type GradientContext, type InferContext, type Operator, type Shape, staticDims } from "../operator.ts";
import { multiplyAxis, transposed, unpick } from "./axis-maps.ts";
import type { Decompose } from "./decomposition.ts";
import { nearestIndices, type StaticAxis, weightMatrix } from "./resize-axis.ts";
import { type ResizeContext, resizedAxes, resizeRule } from "./resize-geometry.ts";

/** Resizes axes by nearest neighbours, straight lines or cubics. Each axis is a linear map of its own, and so is the gradient. */
export const resize: Operator = { op: "Resize", since: 10, infer: inferResize, gradient: resizeGradient };

/** Shape rule of `Resize` and `Upsample`. */
export function inferResize(c: InferContext): readonly Shape[] {
  const { dtype, dims } = c.input(0);
  resizeRule(c);
  const axes = resizedAxes(c, dims);
  if (axes === undefined) {
    const open = c.attributes.ints(
      "axes",
      dims.map((_, i) => i),
    );
    return [
      { dtype, dims: dims.map((dim, i) => (open.some((a) => a === i || a + dims.length === i) ? c.unknown() : dim)) },
    ];
  }
  const out: Dim[] = [...dims];
  for (const { axis, out: size } of axes) out[axis] = size === "?" ? c.unknown() : size;
  return [{ dtype, dims: out }];
}

/** Each axis by a product with its weights, or by picking. */
export const decomposeResize: Decompose = (c) => {
  const { g } = c;
  const x = c.inputs[0]!;
  const dims = staticDims(x);
  const rule = resizeRule(c);
  const axes = staticAxes(c, dims);
  if (rule.mode !== "nearest" && x.dtype !== "float32") {
    throw fail(
      "graph",
      `node "${c.node.name}" (${c.node.op}): mode ${rule.mode} of ${x.dtype} runs on onnxruntime only`,
    );
  }
  const outside = dims.map((): readonly number[] => []);
  let y = x;
  for (const axis of axes) {
    if (rule.mode === "nearest") {
      const indices = nearestIndices(axis, rule);
      outside[axis.axis] = indices.flatMap((from, i) => (from < 0 ? [i] : []));
      const picks = indices.map((from) => Math.max(0, from));
      if (!isPlain(picks, axis.size))
        y = g.op("Gather", [y, g.constant(int64([picks.length], picks))], { axis: axis.axis });
    } else {
      const weights = weightMatrix(axis, rule);
      outside[axis.axis] = weights.outside;
      if (!isIdentity(weights)) y = multiplyAxis(g, y, axis.axis, weights);
    }
  }
  return [outside.every((places) => places.length === 0) ? y : extrapolated(c, y, outside, rule.extrapolation)];
};

/** The gradient of `Resize` and `Upsample`: the transposed maps, in the other order. */
export function resizeGradient(c: GradientContext): readonly (Value | undefined)[] {
  const { g } = c;
  const dims = staticDims(c.inputs[0]!);
  const rule = resizeRule(c);
  let gradient = c.dy;
  for (const axis of [...staticAxes(c, dims)].reverse()) {
    if (rule.mode !== "nearest" || rule.coordinates === "tf_crop_and_resize") {
      const weights =
        rule.mode === "nearest" ? nearestMatrix(axis, nearestIndices(axis, rule)) : weightMatrix(axis, rule);
      if (!isIdentity(weights)) gradient = multiplyAxis(g, gradient, axis.axis, transposed(weights));
    } else {
      gradient = unpick(g, gradient, axis.axis, nearestIndices(axis, rule), axis.size);
    }
  }
  return [gradient];
}

function staticAxes(c: ResizeContext, dims: readonly number[]): readonly StaticAxis[] {
  const axes = resizedAxes(c, dims);
  if (axes === undefined) {
    throw fail("graph", `node "${c.node.name}" (${c.node.op}): scales or sizes must be constant here`);
  }
  return axes as readonly StaticAxis[];
}

function isPlain(picks: readonly number[], size: number): boolean {
  return picks.length === size && picks.every((from, i) => from === i);
}

function isIdentity({ rows, columns, data }: { rows: number; columns: number; data: Float32Array }): boolean {
  return rows === columns && data.every((weight, i) => weight === (i % (columns + 1) === 0 ? 1 : 0));
}

/** Picking as a product: places outside have empty rows. */
function nearestMatrix(axis: StaticAxis, indices: readonly number[]) {
  const data = new Float32Array(axis.out * axis.size);
  indices.forEach((from, row) => {
    if (from >= 0) data[row * axis.size + from] = 1;
  });
  return { rows: axis.out, columns: axis.size, data };
}

/** Sets a fixed value wherever any axis lies outside: ones and zeros that multiply, and a constant that is added. */
function extrapolated(
  { g }: Parameters<Decompose>[0],
  y: Value,
  outside: readonly (readonly number[])[],
  value: number,
): Value {
  const dims = staticDims(y);
  return outside.reduce((result, places, axis) => {
    if (places.length === 0) return result;
    const shape = dims.map((dim, i) => (i === axis ? dim : 1));
    const inside = Array.from({ length: dims[axis]! }, (_, i) => (places.includes(i) ? 0 : 1));
    const kept = g.op("Mul", [result, g.constant(float32(shape, inside))]);
    const filled = inside.map((one) => (one === 1 ? 0 : value));
    return value === 0 ? kept : g.op("Add", [kept, g.constant(float32(shape, filled))]);
  }, y);
}
