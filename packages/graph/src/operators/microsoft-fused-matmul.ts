import type { Value } from "@graft-ml/core";
import type { Attributes, Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { matMul } from "./matmul.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";

/** alpha · A · B with operands turned beforehand, step by step. */
export const decomposeFusedMatMul: Decompose = ({ g, attributes, inputs }) => {
  const turned = (x: Value, i: number): Value => {
    const perm = permutation(attributes, i, x.dims.length);
    return perm.every((axis, place) => axis === place) ? x : g.op("Transpose", [x], { perm });
  };
  const product = g.op("MatMul", [turned(inputs[0]!, 0), turned(inputs[1]!, 1)]);
  const alpha = attributes.float("alpha", 1);
  return [alpha === 1 ? product : g.op("Mul", [product, g.scalar(alpha)])];
};

/** alpha · A · B, axes of A or B swapped, as ONNX Runtime's optimizer writes it. */
export const fusedMatMul: Operator = {
  op: "FusedMatMul",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer(c) {
    const input = (i: number): Value => {
      const value = c.input(i);
      return { ...value, dims: permutation(c.attributes, i, value.dims.length).map((axis) => value.dims[axis]!) };
    };
    return matMul.infer({ ...c, input });
  },
  gradient: composedGradient(decomposeFusedMatMul),
};

/** How an operand is turned: its first axis behind those of the batch, then its last two the other way round. */
function permutation(attributes: Attributes, input: number, rank: number): number[] {
  const operand = input === 0 ? "A" : "B";
  const axes = Array.from({ length: rank }, (_, i) => i);
  if (rank < 2) return axes;
  if (attributes.int(`transBatch${operand}`, 0) !== 0) axes.splice(rank - 2, 0, ...axes.splice(0, 1));
  return attributes.int(`trans${operand}`, 0) === 0 ? axes : [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
}
