import { type Dim, fail } from "@graft-ml/core";
import { reduceSum } from "../emit.ts";
import { type Attributes, GRAFT_DOMAIN, type InferContext, type Operator, staticDims } from "../operator.ts";

/** Strides, pads, dilations and groups of a two-dimensional convolution, all explicit. */
export interface ConvGeometry {
  readonly strides: readonly number[];
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/** Convolution over `[batch, channels, height, width]`, grouped or depthwise. */
export const conv: Operator = {
  op: "Conv",
  since: 1,
  infer(c) {
    const x = c.input(0);
    const w = c.input(1);
    if (x.dims.length !== 4) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Conv): expected [batch, channels, height, width]; received [${x.dims.join(", ")}]`,
      );
    }
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
    const spatial = [0, 1].map((axis): Dim => {
      const size = x.dims[axis + 2]!;
      return typeof size === "string" ? c.unknown() : convOutputSize(geometry, axis, size, kernel[axis + 2]!);
    });
    return [{ dtype: x.dtype, dims: [x.dims[0]!, kernel[0]!, ...spatial] }];
  },
  gradient(c) {
    const { g, inputs, dy, needs } = c;
    const [x, w] = [inputs[0]!, inputs[1]!];
    const { group, strides, pads, dilations } = convGeometry(c, x.dims, staticDims(w));
    const geometry = { group, strides, pads, dilations };
    return [
      needs(0) ? g.op("ConvGradInput", [dy, w], { ...geometry, shape: staticDims(x) }, GRAFT_DOMAIN) : undefined,
      needs(1) ? g.op("ConvGradFilter", [x, dy], { ...geometry, shape: staticDims(w) }, GRAFT_DOMAIN) : undefined,
      inputs[2] !== undefined && needs(2) ? reduceSum(g, dy, [0, 2, 3], false) : undefined,
    ];
  },
};

/** Rows (axis 0) or columns (axis 1) of a convolution's output. */
export function convOutputSize(geometry: ConvGeometry, axis: number, size: number, kernel: number): number {
  const padded = size + geometry.pads[axis]! + geometry.pads[axis + 2]!;
  return Math.floor((padded - geometry.dilations[axis]! * (kernel - 1) - 1) / geometry.strides[axis]!) + 1;
}

/** Reads a convolution's geometry; `auto_pad` becomes explicit pads, which needs static sizes. */
export function convGeometry(
  c: Pick<InferContext, "node"> & { readonly attributes: Attributes },
  input: readonly Dim[],
  kernel: readonly number[],
): ConvGeometry {
  const strides = c.attributes.ints("strides", [1, 1]);
  const dilations = c.attributes.ints("dilations", [1, 1]);
  const group = c.attributes.int("group", 1);
  const auto = c.attributes.string("auto_pad", "NOTSET");
  if (auto === "NOTSET") return { strides, dilations, group, pads: c.attributes.ints("pads", [0, 0, 0, 0]) };
  if (auto === "VALID") return { strides, dilations, group, pads: [0, 0, 0, 0] };
  const total = [0, 1].map((axis) => {
    const size = input[axis + 2];
    if (typeof size !== "number")
      throw fail("graph", `node "${c.node.name}" (Conv): auto_pad ${auto} needs a static image size`);
    const out = Math.ceil(size / strides[axis]!);
    return Math.max(0, (out - 1) * strides[axis]! + dilations[axis]! * (kernel[axis + 2]! - 1) + 1 - size);
  });
  const small = total.map((pad) => Math.floor(pad / 2));
  const large = total.map((pad, axis) => pad - small[axis]!);
  return { strides, dilations, group, pads: auto === "SAME_UPPER" ? [...small, ...large] : [...large, ...small] };
}
