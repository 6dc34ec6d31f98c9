import { fail, type Graph, int64, type TextPreprocessing, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceMax, reduceSum, reshape } from "@graft-ml/graph";
import { slice } from "./slice.ts";

/** ONNX's number for float32. */
const FLOAT = 1;
/** Below every hidden state: what padding counts as where the largest is looked for. */
const LOWEST = -1e9;
/** Beyond every sequence. */
const END = 2 ** 31 - 1;

/**
 * Ends a graph at one row a text, `[batch, width]`, made of the hidden states `hidden` `[batch, tokens, width]`: the `mean` over the
 * tokens that `mask` `[batch, tokens]` keeps, their `max`, the first token (`cls`), or the `last` that the mask keeps (whichever side
 * is padded); `none` leaves `[batch, tokens, width]`. The output is named `features`, or `features.max` where it is no mean.
 */
export function pooled(graph: Graph, hidden: string, mask: string, pooling: TextPreprocessing["pooling"]): Graph {
  const g = graphBuilder(graph);
  const states = g.value(hidden);
  if (states.dims.length !== 3)
    throw fail(
      "backbones/pooling",
      `expected "${hidden}" to be [batch, tokens, width]; received [${states.dims.join(", ")}]`,
    );
  if (pooling === "none") return g.finish([states]);
  // Kept features go by this name: one for each way.
  const name = g.fresh(pooling === "mean" ? "features" : `features.${pooling}`);
  return g.finish([g.name(POOLINGS[pooling](g, states, g.value(mask)), name)]);
}

const POOLINGS: Readonly<
  Record<Exclude<TextPreprocessing["pooling"], "none">, (g: OpenGraph, hidden: Value, mask: Value) => Value>
> = {
  mean(g, hidden, mask) {
    const weights = weightsOf(g, mask);
    const count = g.op("Max", [reduceSum(g, weights, [1], false), g.scalar(1e-9)]);
    return g.op("Div", [reduceSum(g, g.op("Mul", [hidden, weights]), [1], false), count]);
  },
  max(g, hidden, mask) {
    const weights = weightsOf(g, mask);
    const lowered = g.op("Mul", [g.op("Sub", [g.scalar(1), weights]), g.scalar(LOWEST)]);
    return reduceMax(g, g.op("Add", [hidden, lowered]), [1], false);
  },
  cls: (g, hidden) => g.op("Gather", [hidden, g.constant(int64([], [0]))], { axis: 1 }),
  last(g, hidden, mask) {
    // The last token is kept, and what comes after it is not.
    const weights = weightsOf(g, mask);
    const nothing = g.op("Mul", [slice(g, weights, 1, 0, 1), g.scalar(0)]);
    const next = slice(g, g.op("Concat", [weights, nothing], { axis: 1 }), 1, 1, END);
    const isLast = g.op("Mul", [weights, g.op("Sub", [g.scalar(1), next])]);
    return reduceSum(g, g.op("Mul", [hidden, isLast]), [1], false);
  },
};

/** The mask as numbers, `[batch, tokens, 1]`. */
function weightsOf(g: OpenGraph, mask: Value): Value {
  return reshape(g, g.op("Cast", [mask], { to: FLOAT }), [0, 0, 1]);
}
