import type { Value } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import { type Operator, staticDims } from "../operator.ts";
import { conv } from "./conv.ts";
import type { Decompose, DecomposeContext } from "./decomposition.ts";

const [FLOAT, INT] = [DTYPE_OF.indexOf("float32"), DTYPE_OF.indexOf("int32")];

/** Convolution of int8 or uint8 pictures and kernels less their zero points, in int32. */
export const convInteger: Operator = {
  op: "ConvInteger",
  since: 10,
  infer: (c) => [{ dtype: "int32", dims: conv.infer(c)[0]!.dims }],
};

/** The sums by a convolution of floats, exact up to 2²⁴. */
export const decomposeConvInteger: Decompose = (c) => {
  const [x, w, zeroX, zeroW] = c.inputs as [Value, Value, Value | undefined, Value | undefined];
  const y = c.g.op("Conv", [shifted(c, x, zeroX), shifted(c, w, zeroW)], convAttributes(c));
  return [c.g.op("Cast", [c.g.op("Round", [y])], { to: INT })];
};

/** A quantised value less its zero point as floats; several zero points are those of the first axis. */
export function shifted({ g }: DecomposeContext, x: Value, zero: Value | undefined): Value {
  const number = g.op("Cast", [x], { to: FLOAT });
  if (zero === undefined) return number;
  const count = staticDims(zero).reduce((a, b) => a * b, 1);
  const dims =
    count === 1
      ? []
      : [
          count,
          ...staticDims(x)
            .slice(1)
            .map(() => 1),
        ];
  return g.op("Sub", [number, g.op("Reshape", [g.op("Cast", [zero], { to: FLOAT }), g.ints(dims)])]);
}

/** A convolution's own attributes. */
export function convAttributes({ node }: DecomposeContext): Record<string, number | string | readonly number[]> {
  return Object.fromEntries(
    Object.entries(node.attributes).flatMap(([name, { type, value }]) =>
      type === "int" || type === "ints" || type === "string" ? [[name, value]] : [],
    ),
  );
}
