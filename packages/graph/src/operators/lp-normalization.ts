import { reduceSum } from "../emit.ts";
import { normalizeAxis, type Operator } from "../operator.ts";

/** x over its norm of order `p` (1 or 2) along one axis; where the norm is 0, output and gradient are. */
export const lpNormalization: Operator = {
  op: "LpNormalization",
  since: 1,
  infer: (c) => [c.input(0)],
  gradient({ g, node, attributes, inputs, outputs, dy }) {
    const [x, y] = [inputs[0]!, outputs[0]!];
    const axes = [normalizeAxis(node, attributes.int("axis", -1), x.dims.length)];
    const linear = attributes.int("p", 2) === 1;
    const norm = linear
      ? reduceSum(g, g.op("Abs", [x]), axes, true)
      : g.op("Sqrt", [reduceSum(g, g.op("Mul", [x, x]), axes, true)]);
    const along = g.op("Mul", [linear ? g.op("Sign", [x]) : y, reduceSum(g, g.op("Mul", [dy, y]), axes, true)]);
    const zero = g.scalar(0);
    const inverse = g.op("Where", [g.op("Greater", [norm, zero]), g.op("Reciprocal", [norm]), zero]);
    return [g.op("Mul", [g.op("Sub", [dy, along]), inverse])];
  },
};
