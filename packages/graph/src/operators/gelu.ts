import { fail, type GraphBuilder, type Value } from "@graft-ml/core";
import type { Attributes, Operator } from "../operator.ts";

/** x · Φ(x), with the normal distribution exact or by a hyperbolic tangent. */
export const gelu: Operator = {
  op: "Gelu",
  since: 20,
  infer(c) {
    const kind = kindOf(c.attributes);
    if (kind !== "none" && kind !== "tanh")
      throw fail("graph", `node "${c.node.name}" (Gelu): approximation ${kind} is not known, only none and tanh`);
    return [c.input(0)];
  },
  gradient: ({ g, attributes, inputs, dy }) => [
    g.op("Mul", [dy, kindOf(attributes) === "tanh" ? tanhSlope(g, inputs[0]!) : exactSlope(g, inputs[0]!)]),
  ],
};

function kindOf(attributes: Attributes): string {
  return attributes.string("approximate", "none");
}

/** Φ(x) + x φ(x). */
function exactSlope(g: GraphBuilder, x: Value): Value {
  const erf = g.op("Erf", [g.op("Mul", [x, g.scalar(Math.SQRT1_2)])]);
  const below = g.op("Mul", [g.op("Add", [erf, g.scalar(1)]), g.scalar(0.5)]);
  const bell = g.op("Exp", [g.op("Mul", [g.op("Mul", [x, x]), g.scalar(-0.5)])]);
  return g.op("Add", [below, g.op("Mul", [g.op("Mul", [x, bell]), g.scalar(1 / Math.sqrt(2 * Math.PI))])]);
}

/** With u = √(2/π) (x + 0.044715 x³) and t = tanh u: (1 + t) / 2 + x (1 − t²) u′ / 2. */
function tanhSlope(g: GraphBuilder, x: Value): Value {
  const root = Math.sqrt(2 / Math.PI);
  const square = g.op("Mul", [x, x]);
  const factor = g.op("Add", [g.op("Mul", [square, g.scalar(0.044715 * root)]), g.scalar(root)]);
  const t = g.op("Tanh", [g.op("Mul", [x, factor])]);
  const rise = g.op("Add", [g.op("Mul", [square, g.scalar(3 * 0.044715 * root)]), g.scalar(root)]);
  const flat = g.op("Sub", [g.scalar(1), g.op("Mul", [t, t])]);
  const sum = g.op("Add", [g.op("Add", [t, g.scalar(1)]), g.op("Mul", [g.op("Mul", [x, flat]), rise])]);
  return g.op("Mul", [sum, g.scalar(0.5)]);
}
