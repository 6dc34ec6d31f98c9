import { reduceSum } from "../emit.ts";
import { normalizeAxis, type Operator } from "../operator.ts";

/** exp(x) / Σ exp(x) along one axis; gradient y · (dy − Σ y·dy). */
export const softmax: Operator = {
  op: "Softmax",
  since: 13,
  infer: (c) => [c.input(0)],
  gradient({ g, node, attributes, outputs, dy }) {
    const y = outputs[0]!;
    const axis = normalizeAxis(node, attributes.int("axis", -1), y.dims.length);
    const weighted = reduceSum(g, g.op("Mul", [dy, y]), [axis], true);
    return [g.op("Mul", [y, g.op("Sub", [dy, weighted])])];
  },
};
