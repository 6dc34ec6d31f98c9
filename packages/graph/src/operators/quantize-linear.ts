import { type DType, fail } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import type { InferContext, Operator } from "../operator.ts";
import { checkParameters } from "./dequantize-linear.ts";

/** Smallest and largest number of the element types that values are quantised to. */
export const QUANTIZED_RANGE: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** round(x / scale) + zero point, halves to the even neighbour, cut off at the ends of the range. */
export const quantizeLinear: Operator = {
  op: "QuantizeLinear",
  since: 10,
  infer(c) {
    const [x, scale] = [c.input(0), c.input(1)];
    checkParameters(c.node, c.attributes, x, scale);
    return [{ dtype: targetOf(c), dims: x.dims }];
  },
};

function targetOf(c: InferContext): DType {
  const code = c.attributes.int("output_dtype", 0);
  const dtype = c.optional(2)?.dtype ?? (code === 0 ? "uint8" : DTYPE_OF[code]);
  if (dtype === undefined || QUANTIZED_RANGE[dtype] === undefined) {
    throw fail(
      "graph",
      `node "${c.node.name}" (QuantizeLinear): cannot quantise to ${dtype ?? `type ${code}`}, only to ${Object.keys(QUANTIZED_RANGE).join(", ")}`,
    );
  }
  return dtype;
}
