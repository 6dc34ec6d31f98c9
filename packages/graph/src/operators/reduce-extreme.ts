import type { Value } from "@graft-ml/core";
import { reduceSum } from "../emit.ts";
import { type GradientContext, staticDims } from "../operator.ts";
import { kept } from "./reduce-sum.ts";
import { reductionAxes } from "./reduction.ts";

/** Gradient of an extreme over axes: equal shares for the elements that reach it. */
export function shareAmongEquals(c: GradientContext): Value {
  const { g, node, attributes, constant, inputs, outputs, dy } = c;
  const x = inputs[0]!;
  const axes = reductionAxes(node, attributes, constant, staticDims(x).length);
  if (axes.length === 0) return dy;
  const hits = g.op("Cast", [g.op("Equal", [x, kept(c, outputs[0]!)])], { to: 1 });
  const share = g.op("Div", [kept(c, dy), reduceSum(g, hits, axes, true)]);
  return g.op("Mul", [hits, share]);
}
