import { float32, type GraphBuilder, sizeOf, type Value } from "@graft-ml/core";
import { GRAFT_DOMAIN, type Operator, staticDims } from "../operator.ts";
import { asPicture, sameShape } from "./conv.ts";
import { type PoolWindow, poolCounts, poolShape, poolWindow, stretchedPads } from "./max-pool-window.ts";

/** Mean of each window; padding counts only with `count_include_pad`. */
export const averagePool: Operator = {
  op: "AveragePool",
  since: 1,
  infer: (c) => [poolShape(c)],
  gradient(c) {
    const { g, inputs, dy } = c;
    const window = poolWindow(c);
    const taps = sizeOf(window.kernel);
    const counts = poolCounts(window, c.attributes.int("count_include_pad", 0) !== 0);
    if (counts.every((count) => count === taps)) return [sumPoolGradient(g, dy, inputs[0]!, window, 1 / taps)];
    const factors = counts.map((count) => 1 / count);
    const share = g.op("Mul", [asPicture(g, dy), g.constant(float32([1, 1, ...window.output], factors))]);
    return [sumPoolGradient(g, share, inputs[0]!, window, 1)];
  },
};

/** The gradient of the sums over windows by x, times a factor: each element's windows added up. */
export function sumPoolGradient(g: GraphBuilder, dy: Value, x: Value, window: PoolWindow, factor: number): Value {
  const { kernel, strides, dilations } = window;
  const picture = asPicture(g, x);
  const group = staticDims(picture)[1]!;
  const weights = g.constant(float32([group, 1, ...kernel], new Array<number>(group * sizeOf(kernel)).fill(factor)));
  const geometry = { group, strides, dilations, pads: stretchedPads(window), shape: staticDims(picture) };
  return sameShape(g, g.op("ConvGradInput", [asPicture(g, dy), weights], geometry, GRAFT_DOMAIN), x);
}
