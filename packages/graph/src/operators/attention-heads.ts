import { fail, float32, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { staticDims } from "../operator.ts";
import type { DecomposeContext } from "./decomposition.ts";

const [FLOAT, BOOL] = [1, 9];
/** Stronger than what a mask adds: the future stays hidden where all else is, too. */
const FUTURE = -1e9;

/** What attention reads besides queries, keys and values. */
export interface HeadOptions {
  /** Of keys: their lengths `[batch]`, or 1 where one may be seen, `[batch, keys]` or `[batch, queries, keys]`. */
  readonly mask: Value | undefined;
  /** Added to the scores, `[batch or 1, heads or 1, queries, keys]`. */
  readonly bias: Value | undefined;
}

/** softmax(scale · Q Kᵀ + masks) · V of each head, `[batch, queries, values]`. */
export function attend(
  c: DecomposeContext,
  [query, key, value]: readonly [Value, Value, Value],
  { mask, bias }: HeadOptions,
): Value {
  const { g, node, attributes } = c;
  const heads = attributes.int("num_heads");
  const [batch, queries, width] = staticDims(query) as [number, number, number];
  const keys = staticDims(key)[1]!;
  if (width % heads !== 0) {
    throw fail("graph", `node "${node.name}" (${node.op}): ${width} values do not divide into ${heads} heads`);
  }
  const apart = (x: Value, perm: readonly number[]): Value => {
    const [, length, size] = staticDims(x) as [number, number, number];
    return g.op("Transpose", [reshape(g, x, [batch, length, heads, size / heads])], { perm });
  };
  // 0 stands for the scale by default.
  const scale = attributes.float("scale", 0) || 1 / Math.sqrt(width / heads);
  const scaled = g.op("Mul", [apart(query, [0, 2, 1, 3]), g.scalar(scale)]);
  let scores = g.op("MatMul", [scaled, apart(key, [0, 2, 3, 1])]);
  if (bias !== undefined) scores = g.op("Add", [scores, bias]);
  if (mask !== undefined) scores = g.op("Add", [scores, hidden(c, mask, keys)]);
  if (attributes.int("unidirectional", 0) !== 0) {
    const future = Array.from({ length: queries * keys }, (_, i) => {
      const [at, seen] = [Math.floor(i / keys), i % keys];
      return seen > at + keys - queries ? FUTURE : 0;
    });
    scores = g.op("Add", [scores, g.constant(float32([queries, keys], future))]);
  }
  const shares = g.op("Softmax", [scores], { axis: 3 });
  const seen = g.op("Transpose", [g.op("MatMul", [shares, apart(value, [0, 2, 1, 3])])], { perm: [0, 2, 1, 3] });
  return reshape(g, seen, [batch, queries, staticDims(value)[2]!]);
}

/** What is added to the scores of keys that may not be seen. */
function hidden({ g, node, attributes }: DecomposeContext, mask: Value, keys: number): Value {
  const dims = staticDims(mask);
  const filter = g.scalar(attributes.float("mask_filter_value", -10000));
  let shown: Value;
  if (dims.length === 1) {
    const lengths = reshape(g, g.op("Cast", [mask], { to: FLOAT }), [dims[0]!, 1, 1, 1]);
    const places = Array.from({ length: keys }, (_, i) => i);
    shown = g.op("Less", [g.constant(float32([keys], places)), lengths]);
  } else if (dims.length <= 3) {
    shown = reshape(g, g.op("Cast", [mask], { to: BOOL }), [
      dims[0]!,
      1,
      dims.length === 3 ? dims[1]! : 1,
      dims.at(-1)!,
    ]);
  } else {
    throw fail("graph", `node "${node.name}" (${node.op}): a mask of [${dims.join(", ")}] is not supported`);
  }
  return g.op("Mul", [g.op("Sub", [g.scalar(1), g.op("Cast", [shown], { to: FLOAT })]), filter]);
}
