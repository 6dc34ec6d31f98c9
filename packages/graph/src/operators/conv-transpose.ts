import { type Dim, fail } from "@graft-ml/core";
import { reduceSum } from "../emit.ts";
import { type Attributes, GRAFT_DOMAIN, type InferContext, type Operator, staticDims } from "../operator.ts";
import {
  asPicture,
  asPictures,
  behindChannels,
  type ConvGeometry,
  checkSpatial,
  convOutputSize,
  sameShape,
  sharedPads,
} from "./conv.ts";

/** A transposed convolution: the geometry of the convolution whose input gradient it is, and what comes out. */
export interface ConvTransposeGeometry extends ConvGeometry {
  /** Spatial sizes of the output. */
  readonly output: readonly number[];
}

/** Transposed convolution over `[batch, channels, length]` or `[batch, channels, height, width]`. */
export const convTranspose: Operator = {
  op: "ConvTranspose",
  since: 1,
  infer(c) {
    const [x, w] = [c.input(0), c.input(1)];
    checkSpatial(c, x, w.dims.length - 2);
    const kernel = staticDims(w);
    const group = c.attributes.int("group", 1);
    const channels = x.dims[1];
    if (typeof channels === "number" && (channels !== kernel[0] || channels % group !== 0)) {
      throw fail(
        "graph",
        `node "${c.node.name}" (ConvTranspose): ${channels} channels do not fit a kernel of [${kernel.join(", ")}] in ${group} groups`,
      );
    }
    const sizes = x.dims.slice(2);
    const dims = sizes.every((size) => typeof size === "number")
      ? convTransposeGeometry(c, sizes as number[], kernel).output
      : sizes.map((): Dim => c.unknown());
    return [{ dtype: x.dtype, dims: [x.dims[0]!, kernel[1]! * group, ...dims] }];
  },
  gradient(c) {
    const { g, inputs, dy, needs } = c;
    const [x, w] = [inputs[0]!, inputs[1]!];
    const { strides, dilations, pads, group } = asPictures(
      convTransposeGeometry(c, staticDims(x).slice(2), staticDims(w)),
    );
    const geometry = { strides, dilations, pads, group };
    const [picture, kernel] = [asPicture(g, x), asPicture(g, w)];
    const gradient = asPicture(g, dy);
    const shape = staticDims(kernel);
    return [
      needs(0) ? sameShape(g, g.op("Conv", [gradient, kernel], geometry), x) : undefined,
      needs(1)
        ? sameShape(g, g.op("ConvGradFilter", [gradient, picture], { ...geometry, shape }, GRAFT_DOMAIN), w)
        : undefined,
      inputs[2] !== undefined && needs(2) ? reduceSum(g, dy, behindChannels(dy), false) : undefined,
    ];
  },
};

/** Reads a transposed convolution's geometry; `output_shape` and `auto_pad` become explicit pads. */
export function convTransposeGeometry(
  c: Pick<InferContext, "node"> & { readonly attributes: Attributes },
  input: readonly number[],
  kernel: readonly number[],
): ConvTransposeGeometry {
  const window = kernel.slice(2);
  const filled = (value: number, times = 1) => new Array<number>(window.length * times).fill(value);
  const strides = c.attributes.ints("strides", filled(1));
  const dilations = c.attributes.ints("dilations", filled(1));
  const group = c.attributes.int("group", 1);
  const more = c.attributes.ints("output_padding", filled(0));
  const auto = c.attributes.string("auto_pad", "NOTSET");
  const full = window.map(
    (taps, axis) => strides[axis]! * (input[axis]! - 1) + more[axis]! + dilations[axis]! * (taps - 1) + 1,
  );
  const asked = c.attributes.has("output_shape") ? c.attributes.ints("output_shape").slice(-window.length) : undefined;
  const same = auto.startsWith("SAME") ? input.map((size, axis) => size * strides[axis]!) : undefined;
  const wanted = asked ?? same;
  if (wanted !== undefined) {
    const total = full.map((size, axis) => Math.max(0, size - wanted[axis]!));
    // An `output_shape` without auto_pad puts the odd row where SAME_LOWER does.
    const pads = sharedPads(total, auto === "SAME_UPPER" ? auto : "SAME_LOWER");
    return checked(c, input, kernel, { strides, dilations, group, pads, output: wanted });
  }
  const pads = auto === "VALID" ? filled(0, 2) : c.attributes.ints("pads", filled(0, 2));
  const output = full.map((size, axis) => size - pads[axis]! - pads[axis + window.length]!);
  return checked(c, input, kernel, { strides, dilations, group, pads, output });
}

/** Refuses an output that the same window would not take back to the input, as ONNX Runtime does. */
function checked(
  { node }: Pick<InferContext, "node">,
  input: readonly number[],
  kernel: readonly number[],
  geometry: ConvTransposeGeometry,
): ConvTransposeGeometry {
  const back = geometry.output.map((size, axis) => convOutputSize(geometry, axis, size, kernel[axis + 2]!));
  if (back.every((size, axis) => size === input[axis])) return geometry;
  throw fail(
    "graph",
    `node "${node.name}" (ConvTranspose): an output of [${geometry.output.join(", ")}] belongs to an input of [${back.join(", ")}]; received [${input.join(", ")}]. output_padding must be smaller than the stride`,
  );
}
