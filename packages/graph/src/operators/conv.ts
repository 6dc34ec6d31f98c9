import { type Dim, fail, type GraphBuilder, type Value } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import { type Attributes, GRAFT_DOMAIN, type InferContext, type Operator, staticDims } from "../operator.ts";
import { checkWindow } from "./check-window.ts";

/** Strides, pads, dilations and groups of a convolution over one or two axes, all explicit. */
export interface ConvGeometry {
  readonly strides: readonly number[];
  /** All beginnings, then all ends: top, left, bottom, right. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/** Convolution over `[batch, channels, length]` or `[batch, channels, height, width]`, grouped or depthwise. */
export const conv: Operator = {
  op: "Conv",
  since: 1,
  infer(c) {
    const x = c.input(0);
    const w = c.input(1);
    checkSpatial(c, x, w.dims.length - 2);
    checkWindow(c, staticDims(w).slice(2));
    const kernel = staticDims(w);
    const channels = x.dims[1];
    const group = c.attributes.int("group", 1);
    if (typeof channels === "number" && channels !== kernel[1]! * group) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Conv): ${channels} channels do not fit a kernel of [${kernel.join(", ")}] in ${group} groups`,
      );
    }
    const geometry = convGeometry(c, x.dims, kernel);
    const spatial = x.dims
      .slice(2)
      .map(
        (size, axis): Dim =>
          typeof size === "string" ? c.unknown() : convOutputSize(geometry, axis, size, kernel[axis + 2]!),
      );
    return [{ dtype: x.dtype, dims: [x.dims[0]!, kernel[0]!, ...spatial] }];
  },
  gradient(c) {
    const { g, inputs, dy, needs } = c;
    const [x, w] = [inputs[0]!, inputs[1]!];
    const geometry = asPictures(convGeometry(c, x.dims, staticDims(w)));
    const [picture, kernel, gradient] = [asPicture(g, x), asPicture(g, w), asPicture(g, dy)];
    const part = (op: string, operands: readonly Value[], whole: Value, like: Value): Value =>
      sameShape(g, g.op(op, operands, { ...geometry, shape: staticDims(whole) }, GRAFT_DOMAIN), like);
    return [
      needs(0) ? part("ConvGradInput", [gradient, kernel], picture, x) : undefined,
      needs(1) ? part("ConvGradFilter", [picture, gradient], kernel, w) : undefined,
      inputs[2] !== undefined && needs(2) ? reduceSum(g, dy, behindChannels(dy), false) : undefined,
    ];
  },
};

/** Refuses what is neither `[batch, channels, length]` nor `[batch, channels, height, width]`, or has another window. */
export function checkSpatial(c: Pick<InferContext, "node">, x: Value, window: number): void {
  const rank = x.dims.length;
  if ((rank === 3 || rank === 4) && window === rank - 2) return;
  throw fail(
    "graph",
    `node "${c.node.name}" (${c.node.op}): expected [batch, channels, length] or [batch, channels, height, width] and a window over as many axes; received [${x.dims.join(", ")}] and a window over ${window}`,
  );
}

/** Size of a convolution's output along one spatial axis. */
export function convOutputSize(geometry: ConvGeometry, axis: number, size: number, kernel: number): number {
  const padded = size + geometry.pads[axis]! + geometry.pads[axis + geometry.strides.length]!;
  return Math.floor((padded - geometry.dilations[axis]! * (kernel - 1) - 1) / geometry.strides[axis]!) + 1;
}

/** Reads a convolution's geometry; `auto_pad` becomes explicit pads, which needs static sizes. */
export function convGeometry(
  c: Pick<InferContext, "node"> & { readonly attributes: Attributes },
  input: readonly Dim[],
  kernel: readonly number[],
): ConvGeometry {
  const window = kernel.slice(2);
  const filled = (value: number, times = 1) => new Array<number>(window.length * times).fill(value);
  const strides = c.attributes.ints("strides", filled(1));
  const dilations = c.attributes.ints("dilations", filled(1));
  const group = c.attributes.int("group", 1);
  const auto = c.attributes.string("auto_pad", "NOTSET");
  if (auto === "NOTSET") return { strides, dilations, group, pads: c.attributes.ints("pads", filled(0, 2)) };
  if (auto === "VALID") return { strides, dilations, group, pads: filled(0, 2) };
  const total = window.map((extent, axis) => {
    const size = input[axis + 2];
    if (typeof size !== "number")
      throw fail("graph", `node "${c.node.name}" (${c.node.op}): auto_pad ${auto} needs static spatial sizes`);
    const out = Math.ceil(size / strides[axis]!);
    return Math.max(0, (out - 1) * strides[axis]! + dilations[axis]! * (extent - 1) + 1 - size);
  });
  return { strides, dilations, group, pads: sharedPads(total, auto) };
}

/** Distributes total padding over both ends as `auto_pad` says: the odd one goes behind, or before with SAME_LOWER. */
export function sharedPads(total: readonly number[], auto: string): number[] {
  const small = total.map((pad) => Math.floor(pad / 2));
  const large = total.map((pad, axis) => pad - small[axis]!);
  return auto === "SAME_LOWER" ? [...large, ...small] : [...small, ...large];
}

/** The geometry over pictures: a window over one axis slides along a single row. */
export function asPictures<G extends Omit<ConvGeometry, "group">>(geometry: G): G {
  if (geometry.strides.length === 2) return geometry;
  const [before, after] = geometry.pads as [number, number];
  return {
    ...geometry,
    strides: [1, ...geometry.strides],
    dilations: [1, ...geometry.dilations],
    pads: [0, before, 0, after],
  };
}

/** `[batch, channels, length]` as a picture of a single row; pictures stay. */
export function asPicture(g: GraphBuilder, x: Value): Value {
  if (x.dims.length === 4) return x;
  const [first, second, length] = staticDims(x) as [number, number, number];
  return reshape(g, x, [first, second, 1, length]);
}

/** Undoes `asPicture`: the value in the shape of `like`. */
export function sameShape(g: GraphBuilder, x: Value, like: Value): Value {
  return x.dims.length === like.dims.length ? x : reshape(g, x, staticDims(like));
}

/** The axes of batch and space, over which a bias was repeated. */
export function behindChannels(x: Value): number[] {
  return x.dims.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}
