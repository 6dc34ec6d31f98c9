import { fail, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, type Operator, staticDims } from "../operator.ts";
import { attend } from "./attention-heads.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { splitEvenly } from "./recurrent.ts";

/** Queries, keys and values by one product, then attention, step by step. */
export const decomposeAttention: Decompose = (c) => {
  const { g, inputs } = c;
  const [x, weights, bias, mask, , scores] = inputs as [Value, Value, ...(Value | undefined)[]];
  const [batch, length, width] = staticDims(x) as [number, number, number];
  const product = g.op("MatMul", [reshape(g, x, [batch * length, width]), weights]);
  const joined = reshape(g, bias === undefined ? product : g.op("Add", [product, bias]), [batch, length, -1]);
  return [attend(c, splitEvenly(c, joined, 2, 3) as [Value, Value, Value], { mask, bias: scores })];
};

/** Self-attention with its projections, as ONNX Runtime's optimizer writes it. */
export const attention: Operator = {
  op: "Attention",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer(c) {
    const [x, weights] = [c.input(0), c.input(1)];
    const refuse = (what: string) => fail("graph", `node "${c.node.name}" (Attention): ${what} is not supported`);
    if (c.optional(4) !== undefined || c.node.outputs[1]) throw refuse("a past or present state");
    if (c.attributes.int("do_rotary", 0) !== 0) throw refuse("attribute do_rotary");
    const sizes = c.attributes.ints("qkv_hidden_sizes", []);
    const width = weights.dims[1]!;
    if (sizes.some((size) => size !== sizes[0])) throw refuse(`qkv_hidden_sizes ${sizes.join(", ")}`);
    if (typeof width === "number" && width % 3 !== 0) throw refuse(`a projection to ${width} values`);
    checkMask(c, c.optional(3), x);
    return [{ dtype: x.dtype, dims: [...x.dims.slice(0, 2), typeof width === "number" ? width / 3 : c.unknown()] }];
  },
  gradient: composedGradient(decomposeAttention),
};

/** Refuses masks in the packed forms, whose lengths are not those of the batch. */
export function checkMask(c: InferContext, mask: Value | undefined, x: Value): void {
  if (mask === undefined) return;
  const [own, batch] = [mask.dims[0], x.dims[0]];
  const known = typeof own === "number" && typeof batch === "number";
  if (mask.dims.length > 3 || (known && own !== batch)) {
    throw fail(
      "graph",
      `node "${c.node.name}" (${c.node.op}): a mask of [${mask.dims.join(", ")}] is not supported, only [batch], [batch, keys] and [batch, queries, keys]`,
    );
  }
}
