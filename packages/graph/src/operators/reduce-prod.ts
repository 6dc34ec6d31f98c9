import { reduceSum } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { evaluateReduction, inferReduction, reductionAxes } from "./reduction.ts";

/** Product over axes. The gradient is the product of the others, right where one of them is 0, too. */
export const reduceProd: Operator = {
  op: "ReduceProd",
  since: 1,
  infer: inferReduction,
  evaluate: evaluateReduction((a, b) => a * b, 1n),
  gradient(c) {
    const { g, node, attributes, constant, inputs, dy } = c;
    const x = inputs[0]!;
    const axes = reductionAxes(node, attributes, constant, staticDims(x).length);
    if (axes.length === 0) return [dy];
    const zero = g.op("Equal", [x, g.scalar(0)]);
    // Zeros count as 1, and where any of the others was one the product is set to 0.
    const filled = g.op("Where", [zero, g.scalar(1), x]);
    const form = { keepdims: 1 };
    const product =
      g.opset >= 18
        ? g.op("ReduceProd", [filled, g.ints(axes)], form)
        : g.op("ReduceProd", [filled], { ...form, axes });
    const zeros = g.op("Cast", [zero], { to: 1 });
    const alone = g.op("Equal", [zeros, reduceSum(g, zeros, axes, true)]);
    const others = g.op("Where", [alone, g.op("Div", [product, filled]), g.scalar(0)]);
    return [g.op("Mul", [kept(c, dy), others])];
  },
};
