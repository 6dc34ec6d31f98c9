import { fail, type Value } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { checkMask } from "./attention.ts";
import { attend } from "./attention-heads.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { splitEvenly } from "./recurrent.ts";

/** Attention of queries, keys and values that are projected already, step by step. */
export const decomposeMultiHeadAttention: Decompose = (c) => {
  const { g, inputs } = c;
  const biases = inputs[3] === undefined ? [] : splitEvenly(c, inputs[3], 0, 3);
  const biased = (i: number): Value => (biases[i] === undefined ? inputs[i]! : g.op("Add", [inputs[i], biases[i]]));
  return [attend(c, [biased(0), biased(1), biased(2)], { mask: inputs[4], bias: inputs[5] })];
};

/** Attention without its projections, as ONNX Runtime's optimizer writes it. */
export const multiHeadAttention: Operator = {
  op: "MultiHeadAttention",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer(c) {
    const refuse = (what: string) =>
      fail("graph", `node "${c.node.name}" (MultiHeadAttention): ${what} is not supported`);
    if (c.optional(1) === undefined || c.optional(2) === undefined) throw refuse("a packed query");
    if ([0, 1, 2].some((i) => c.input(i).dims.length !== 3)) throw refuse("an input that is not of rank 3");
    if (c.node.inputs.slice(6).some((name) => name !== "") || c.node.outputs.slice(1).some((name) => name !== ""))
      throw refuse("a past or present state");
    const [query, value] = [c.input(0), c.input(2)];
    if (c.optional(3) !== undefined && query.dims[2] !== value.dims[2]) throw refuse("a bias of unequal parts");
    checkMask(c, c.optional(4), query);
    return [{ dtype: query.dtype, dims: [...query.dims.slice(0, 2), value.dims[2]!] }];
  },
  gradient: composedGradient(decomposeMultiHeadAttention),
};
