import { reduceMean } from "../emit.ts";
import { normalizeAxis, type Operator } from "../operator.ts";
import { normalizeGradient } from "./layer-normalization-gradient.ts";

/** What ONNX adds to the deviation. */
const EPSILON = 1e-9;

/** (x − mean) / (deviation + 1e-9) over `axes`. */
export const meanVarianceNormalization: Operator = {
  op: "MeanVarianceNormalization",
  since: 9,
  infer: (c) => [c.input(0)],
  gradient({ g, node, attributes, inputs, outputs, dy }) {
    const x = inputs[0]!;
    const axes = attributes.ints("axes", [0, 2, 3]).map((axis) => normalizeAxis(node, axis, x.dims.length));
    const offset = g.op("Sub", [x, reduceMean(g, x, axes, true)]);
    const deviation = g.op("Sqrt", [reduceMean(g, g.op("Mul", [offset, offset]), axes, true)]);
    const inverse = g.op("Reciprocal", [g.op("Add", [deviation, g.scalar(EPSILON)])]);
    return [normalizeGradient(g, dy, { normal: outputs[0]!, inverse, axes, centred: true })];
  },
};
