import type { Value } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import type { Operator } from "../operator.ts";
import type { Decompose } from "./decomposition.ts";
import { matMul } from "./matmul.ts";

/** Product of quantised matrices, quantised again. */
export const qLinearMatMul: Operator = {
  op: "QLinearMatMul",
  since: 10,
  infer: (c) => [
    { dtype: c.input(7).dtype, dims: matMul.infer({ ...c, input: (i) => c.input(i === 1 ? 3 : i) })[0]!.dims },
  ],
};

/** The exact product in int32, scaled and rounded once. */
export const decomposeQLinearMatMul: Decompose = ({ g, inputs }) => {
  const [a, scaleA, zeroA, b, scaleB, zeroB, scaleY, zeroY] = inputs as Value[];
  const product = g.op("MatMulInteger", [a, b, zeroA, zeroB]);
  const scale = g.op("Div", [g.op("Mul", [scaleA, scaleB]), scaleY]);
  const y = g.op("Mul", [g.op("Cast", [product], { to: DTYPE_OF.indexOf("float32") }), scale]);
  return [g.op("QuantizeLinear", [y, g.scalar(1), zeroY])];
};
