import { fail, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type GradientContext, type Operator } from "../operator.ts";

/** x held between min and max; the gradient passes strictly between them, as PyTorch's ReLU6 has it. */
export const clip: Operator = {
  op: "Clip",
  since: 6,
  infer: (c) => [c.input(0)],
  gradient: (c) => [
    c.g.op(
      "ClipGrad",
      [c.dy, c.outputs[0]!],
      {
        min: { float: bound(c, 1, "min", Number.NEGATIVE_INFINITY) },
        max: { float: bound(c, 2, "max", Number.POSITIVE_INFINITY) },
      },
      GRAFT_DOMAIN,
    ),
  ],
};

function bound(c: GradientContext, index: number, attribute: string, fallback: number): number {
  if (c.attributes.has(attribute)) return c.attributes.float(attribute);
  if (c.inputs[index] === undefined) return fallback;
  const constant = c.constant(index);
  if (constant === undefined) {
    throw fail("graph/differentiate", `node "${c.node.name}" (Clip): ${attribute} must be constant for a gradient`);
  }
  return toNumbers(constant)[0]!;
}
