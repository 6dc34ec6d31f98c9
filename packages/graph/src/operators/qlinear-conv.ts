import type { Value } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import { type Operator, staticDims } from "../operator.ts";
import { conv } from "./conv.ts";
import { convAttributes, shifted } from "./conv-integer.ts";
import type { Decompose } from "./decomposition.ts";

/** Convolution of quantised pictures and kernels, quantised again; the bias is int32 in steps of both scales. */
export const qLinearConv: Operator = {
  op: "QLinearConv",
  since: 10,
  infer: (c) => [
    { dtype: c.input(7).dtype, dims: conv.infer({ ...c, input: (i) => c.input(i === 1 ? 3 : i) })[0]!.dims },
  ],
};

/** The sums by a convolution of floats, scaled and rounded once. */
export const decomposeQLinearConv: Decompose = (c) => {
  const { g } = c;
  const [x, scaleX, zeroX, w, scaleW, zeroW, scaleY, zeroY, bias] = c.inputs as Value[];
  const number = bias && g.op("Cast", [bias], { to: DTYPE_OF.indexOf("float32") });
  const sums = g.op("Conv", [shifted(c, x!, zeroX), shifted(c, w!, zeroW), number], convAttributes(c));
  const scales = g.op("Div", [g.op("Mul", [scaleX, scaleW]), scaleY]);
  const count = staticDims(scales).reduce((a, b) => a * b, 1);
  const column = g.op("Reshape", [scales, g.ints(count === 1 ? [] : [count, ...sums.dims.slice(2).map(() => 1)])]);
  return [g.op("QuantizeLinear", [g.op("Mul", [sums, column]), g.scalar(1), zeroY])];
};
