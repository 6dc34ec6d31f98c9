import { type Operator, staticDims } from "../operator.ts";
import { spread } from "./reduce-sum.ts";
import { inferReduction, reductionAxes } from "./reduction.ts";

/** Mean over axes. */
export const reduceMean: Operator = {
  op: "ReduceMean",
  since: 1,
  infer: inferReduction,
  gradient(c) {
    const dims = staticDims(c.inputs[0]!);
    const axes = reductionAxes(c.node, c.attributes, c.constant, dims.length);
    const count = axes.reduce((n, axis) => n * dims[axis]!, 1);
    return [spread(c, c.g.op("Mul", [c.dy, c.g.scalar(1 / count)]))];
  },
};
