import { unbroadcast } from "../broadcast.ts";
import { type InferContext, normalizeAxis, type Operator, type Shape } from "../operator.ts";
import { normalize, normalizeGradient } from "./layer-normalization-gradient.ts";

/** (x − mean) / √(var + epsilon) · scale + bias over the axes from `axis` on; no gradient flows through mean and deviation. */
export const layerNormalization: Operator = {
  op: "LayerNormalization",
  since: 17,
  infer: (c) => [c.input(0), statistic(c), statistic(c)],
  gradient({ g, node, attributes, inputs, dy, needs }) {
    const [x, scale, bias] = inputs;
    const first = normalizeAxis(node, attributes.int("axis", -1), x!.dims.length);
    const axes = x!.dims.flatMap((_, i) => (i < first ? [] : [i]));
    const normalized = normalize(g, x!, axes, attributes.float("epsilon", 1e-5));
    return [
      needs(0) ? normalizeGradient(g, g.op("Mul", [dy, scale]), normalized) : undefined,
      needs(1) ? unbroadcast(g, g.op("Mul", [dy, normalized.normal]), scale!) : undefined,
      bias !== undefined && needs(2) ? unbroadcast(g, dy, bias) : undefined,
    ];
  },
};

function statistic(c: InferContext): Shape {
  const { dtype, dims } = c.input(0);
  const stashed = c.attributes.int("stash_type", 1) === 1 ? "float32" : dtype;
  const first = normalizeAxis(c.node, c.attributes.int("axis", -1), dims.length);
  return { dtype: stashed, dims: dims.map((dim, i) => (i < first ? dim : 1)) };
}
