import { fail, type GraphNode } from "@graft-ml/core";
import type { Attributes } from "../operator.ts";

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
