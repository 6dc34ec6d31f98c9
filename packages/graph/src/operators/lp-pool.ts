import type { GraphBuilder, Value } from "@graft-ml/core";
import { type Operator, staticDims } from "../operator.ts";
import { sumPoolGradient } from "./average-pool.ts";
import { poolShape, poolWindow } from "./max-pool-window.ts";

/** Norm of order `p` of each window; where it is 0, so is its gradient. */
export const lpPool: Operator = {
  op: "LpPool",
  since: 2,
  infer: (c) => [poolShape(c)],
  gradient(c) {
    const { g, attributes, inputs, outputs, dy } = c;
    const [x, p] = [inputs[0]!, attributes.int("p", 2)];
    const share = normShare(g, outputs[0]!, dy, p);
    return [g.op("Mul", [slope(g, x, p), sumPoolGradient(g, share, x, poolWindow(c), 1)])];
  },
};

/** Norm of order `p` over all spatial positions, `[batch, channels, 1, 1]`. */
export const globalLpPool: Operator = {
  op: "GlobalLpPool",
  since: 2,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.input(0).dims.map((dim, i) => (i < 2 ? dim : 1)) }],
  gradient({ g, attributes, inputs, outputs, dy }) {
    const [x, p] = [inputs[0]!, attributes.int("p", 2)];
    const share = normShare(g, outputs[0]!, dy, p);
    return [g.op("Mul", [slope(g, x, p), g.op("Expand", [share, g.ints(staticDims(x))])])];
  },
};

/** dy · y^(1 − p). */
function normShare(g: GraphBuilder, y: Value, dy: Value, p: number): Value {
  if (p === 1) return dy;
  const positive = g.op("Greater", [y, g.scalar(0)]);
  return g.op("Where", [positive, g.op("Mul", [dy, g.op("Pow", [y, g.scalar(1 - p)])]), g.scalar(0)]);
}

/** The slope of |x|^p / p by x: sign(x) · |x|^(p − 1). */
function slope(g: GraphBuilder, x: Value, p: number): Value {
  if (p === 2) return x;
  const sign = g.op("Sign", [x]);
  return p === 1 ? sign : g.op("Mul", [sign, g.op("Pow", [g.op("Abs", [x]), g.scalar(p - 1)])]);
}
