import { type Dim, fail, float32, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type Attributes, type InferContext, type Operator, staticDims } from "../operator.ts";
import { composedGradient, type Decompose, type DecomposeContext } from "./decomposition.ts";

/** Added to scores of keys that may not be seen; finite, so that a row without any key has no NaN. */
const HIDDEN = -1e30;

/** softmax(scale · Q Kᵀ + mask) · V, step by step. */
export const decomposeStandardAttention: Decompose = (c) => {
  const { g, attributes } = c;
  const [q, k, v, mask] = c.inputs as [Value, Value, Value, Value | undefined];
  const queries = apart(c, q, headsOf(attributes, "q_num_heads", q));
  const groups = staticDims(queries)[1]!;
  const keys = repeated(c, apart(c, k, headsOf(attributes, "kv_num_heads", k)), groups);
  const values = repeated(c, apart(c, v, headsOf(attributes, "kv_num_heads", v)), groups);
  const [batch, heads, rows, width] = staticDims(queries) as [number, number, number, number];
  const columns = staticDims(keys)[2]!;
  const scale = attributes.float("scale", 1 / Math.sqrt(width));
  const turned = g.op("Transpose", [keys], { perm: [0, 1, 3, 2] });
  let scores = g.op("MatMul", [g.op("Mul", [queries, g.scalar(scale)]), turned]);
  const causal = attributes.int("is_causal", 0) !== 0;
  const future = (hidden: number): Value =>
    g.constant(
      float32(
        [rows, columns],
        Array.from({ length: rows * columns }, (_, i) => (i % columns > Math.floor(i / columns) ? hidden : 0)),
      ),
    );
  let visible = mask?.dtype === "bool" ? mask : undefined;
  if (visible !== undefined && causal)
    visible = g.op("And", [visible, g.op("Not", [g.op("Cast", [future(1)], { to: 9 })])]);
  if (visible !== undefined) scores = g.op("Where", [visible, scores, g.scalar(HIDDEN)]);
  else if (causal) scores = g.op("Add", [scores, future(HIDDEN)]);
  if (visible === undefined && mask !== undefined) scores = g.op("Add", [scores, mask]);
  const shares = g.op("Softmax", [scores], { axis: 3 });
  // Whoever sees no key at all gets zeros.
  const weights = visible === undefined ? shares : g.op("Where", [visible, shares, g.scalar(0)]);
  const seen = g.op("MatMul", [weights, values]);
  if (q.dims.length === 4) return [seen];
  return [reshape(g, g.op("Transpose", [seen], { perm: [0, 2, 1, 3] }), [batch, rows, heads * staticDims(values)[3]!])];
};

/** Scaled dot-product attention of the standard, `[batch, heads, length, width]` or `[batch, length, heads · width]`. */
export const standardAttention: Operator = {
  op: "Attention",
  since: 23,
  infer(c) {
    const [q, k, v] = [c.input(0), c.input(1), c.input(2)];
    const refuse = (what: string) => fail("graph", `node "${c.node.name}" (Attention): ${what} is not supported`);
    if (c.node.inputs.slice(4).some((name) => name !== "")) throw refuse("a past state or a length of keys");
    if (c.node.outputs.slice(1).some((name) => name !== "")) throw refuse("an output beside the first");
    if (c.attributes.float("softcap", 0) !== 0) throw refuse("attribute softcap");
    for (const name of ["left_window_size", "right_window_size"])
      if (c.attributes.has(name)) throw refuse(`attribute ${name}`);
    const rank = q.dims.length;
    if ((rank !== 3 && rank !== 4) || k.dims.length !== rank || v.dims.length !== rank)
      throw refuse(`a query of rank ${rank} with keys of rank ${k.dims.length} and values of rank ${v.dims.length}`);
    return [{ dtype: q.dtype, dims: [...q.dims.slice(0, -1), width(c, q, v)] }];
  },
  gradient: composedGradient(decomposeStandardAttention),
};

/** Size of the last dimension: of values where heads are apart, else that of all query heads. */
function width(c: InferContext, q: Value, v: Value): Dim {
  const last = v.dims.at(-1)!;
  if (q.dims.length === 4) return last;
  if (typeof last !== "number") return c.unknown();
  return (last / headsOf(c.attributes, "kv_num_heads", v)) * headsOf(c.attributes, "q_num_heads", q);
}

function headsOf(attributes: Attributes, name: string, x: Value): number {
  return x.dims.length === 4 ? (x.dims[1] as number) : attributes.int(name);
}

/** `[batch, heads, length, width]`. */
function apart({ g, node }: DecomposeContext, x: Value, heads: number): Value {
  if (x.dims.length === 4) return x;
  const [batch, length, size] = staticDims(x) as [number, number, number];
  if (size % heads !== 0)
    throw fail("graph", `node "${node.name}" (Attention): ${size} values do not divide into ${heads} heads`);
  return g.op("Transpose", [reshape(g, x, [batch, length, heads, size / heads])], { perm: [0, 2, 1, 3] });
}

/** Every head of keys or values serves as many query heads, one after the other. */
function repeated({ g, node }: DecomposeContext, x: Value, heads: number): Value {
  const [batch, own, length, size] = staticDims(x) as [number, number, number, number];
  if (own === heads) return x;
  if (heads % own !== 0)
    throw fail("graph", `node "${node.name}" (Attention): ${heads} query heads do not divide into ${own} of keys`);
  const spread = g.op("Expand", [
    reshape(g, x, [batch, own, 1, length, size]),
    g.ints([batch, own, heads / own, length, size]),
  ]);
  return reshape(g, spread, [batch, heads, length, size]);
}
