import { type AttributeLiteral, fail, type GraphNode, type Value } from "@graft-ml/core";
import { type Attributes, type GradientContext, staticDims } from "../operator.ts";

type Element = number | bigint;

const JOINS: Readonly<Record<string, (a: never, b: never) => Element>> = {
  none: (_: Element, b: Element) => b,
  add: (a: number, b: number) => a + b,
  mul: (a: number, b: number) => a * b,
  min: (a: Element, b: Element) => (b < a ? b : a),
  max: (a: Element, b: Element) => (b > a ? b : a),
};

/** How a scattered update meets the element that is there. */
export function joinOf(node: GraphNode, attributes: Attributes): (a: Element, b: Element) => Element {
  const reduction = attributes.string("reduction", "none");
  const join = JOINS[reduction];
  if (join === undefined) {
    throw fail("graph", `node "${node.name}" (${node.op}): reduction ${reduction} is not supported`);
  }
  return join as (a: Element, b: Element) => Element;
}

/** The gradient of a scatter: dy where nothing was replaced, and what `gather` finds of it where updates went. */
export function scatterGradient(
  { g, node, attributes, inputs: [, indices, updates], dy, needs }: GradientContext,
  gather: string,
  options: Readonly<Record<string, AttributeLiteral>>,
): readonly (Value | undefined)[] {
  const reduction = attributes.string("reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    throw fail("graph/differentiate", `node "${node.name}" (${node.op}): reduction ${reduction} has no gradient`);
  }
  const zeros = (): Value => g.op("ConstantOfShape", [g.ints(staticDims(updates!))]);
  return [
    reduction === "add" || !needs(0) ? dy : g.op(node.op, [dy, indices, zeros()], options),
    undefined,
    needs(2) ? g.op(gather, [dy, indices], options) : undefined,
  ];
}
