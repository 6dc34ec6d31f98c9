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
  gradient: ({ g, attributes, inputs: [x], dy }) => [
    kindOf(attributes) === "tanh" ? g.op("Mul", [dy, tanhSlope(g, x!)]) : exactGeluGradient(g, x!, dy),
  ],
};

function kindOf(attributes: Attributes): string {
  return attributes.string("approximate", "none");
}

/** dy · (Φ(x) + x φ(x)) as ½ dy · (1 + erf u + x exp(ln √(2/π) − u²)) with u = x / √2: constants in exponents cost no pass. */
export function exactGeluGradient(g: GraphBuilder, x: Value, dy: Value): Value {
  const u = g.op("Mul", [x, g.scalar(Math.SQRT1_2)]);
  const share = g.op("Add", [g.op("Erf", [u]), g.scalar(1)]);
  const bell = g.op("Exp", [g.op("Sub", [g.scalar(Math.log(2 / Math.PI) / 2), g.op("Mul", [u, u])])]);
  return g.op("Mul", [g.op("Mul", [dy, g.scalar(0.5)]), g.op("Add", [share, g.op("Mul", [x, bell])])]);
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
