import { fail, type Value } from "@graft-ml/core";
import type { DecomposeContext } from "./decomposition.ts";

/** Adds the activation that an operator was fused with; its parameters were named otherwise by older files. */
export function activated({ g, node, attributes }: Omit<DecomposeContext, "inputs" | "constant">, x: Value): Value {
  const kind = attributes.string("activation", "");
  const listed = node.attributes.activation_params;
  const given = listed?.type === "floats" ? listed.value : [];
  const parameter = (place: number, name: string, fallback: number): number =>
    given[place] ?? attributes.float(`activation_${name}`, fallback);
  switch (kind) {
    case "":
      return x;
    case "Relu":
    case "Sigmoid":
    case "Tanh":
    case "Softplus":
    case "Softsign":
      return g.op(kind, [x]);
    case "LeakyRelu":
      return g.op(kind, [x], { alpha: { float: parameter(0, "alpha", 0.01) } });
    case "HardSigmoid": {
      const [alpha, beta] = [parameter(0, "alpha", 0.2), parameter(1, "beta", 0.5)];
      return g.op(kind, [x], { alpha: { float: alpha }, beta: { float: beta } });
    }
    case "Clip": {
      const [low, high] = [parameter(0, "min", -3.4028234663852886e38), parameter(1, "max", 3.4028234663852886e38)];
      return g.opset >= 11
        ? g.op(kind, [x, g.scalar(low), g.scalar(high)])
        : g.op(kind, [x], { min: { float: low }, max: { float: high } });
    }
    default:
      throw fail("graph", `node "${node.name}" (${node.op}): activation ${kind} is not supported`);
  }
}
