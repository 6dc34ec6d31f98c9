import { type Dim, fail, type GraphBuilder, type Value } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import { reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";

/** Matrix product of the last two dimensions, broadcasting the others; a vector is a row on the left, a column on the right. */
export const matMul: Operator = {
  op: "MatMul",
  since: 1,
  infer(c) {
    const [a, b] = [c.input(0), c.input(1)];
    if (a.dims.length === 0 || b.dims.length === 0) {
      throw fail("graph", `node "${c.node.name}" (MatMul): expected at least 1 dimension; received a scalar`);
    }
    const left: readonly Dim[] = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
    const right: readonly Dim[] = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
    const inner = [left.at(-1)!, right.at(-2)!];
    if (typeof inner[0] === "number" && typeof inner[1] === "number" && inner[0] !== inner[1]) {
      throw fail(
        "graph",
        `node "${c.node.name}" (MatMul) cannot multiply [${a.dims.join(", ")}] by [${b.dims.join(", ")}]`,
      );
    }
    const dims = broadcastDims(c.node, left.slice(0, -2), right.slice(0, -2));
    if (a.dims.length > 1) dims.push(left.at(-2)!);
    if (b.dims.length > 1) dims.push(right.at(-1)!);
    return [{ dtype: a.dtype, dims }];
  },
  gradient({ g, inputs: [a, b], dy, needs }) {
    const [rowsOf, columnsOf] = [staticDims(a!), staticDims(b!)];
    const [vectorA, vectorB] = [rowsOf.length === 1, columnsOf.length === 1];
    const left = vectorA ? reshape(g, a!, [1, ...rowsOf]) : a!;
    const right = vectorB ? reshape(g, b!, [...columnsOf, 1]) : b!;
    const back = (gradient: Value, target: Value, vector: boolean): Value =>
      vector ? reshape(g, gradient, staticDims(target)) : gradient;
    let slope = dy;
    if (vectorA || vectorB) {
      const lead = staticDims(dy).slice(0, staticDims(dy).length - Number(!vectorA) - Number(!vectorB));
      slope = reshape(g, dy, [...lead, vectorA ? 1 : rowsOf.at(-2)!, vectorB ? 1 : columnsOf.at(-1)!]);
    }
    return [
      needs(0) ? back(unbroadcast(g, g.op("MatMul", [slope, flip(g, right)]), left), a!, vectorA) : undefined,
      needs(1) ? back(weightGradient(g, left, right, slope), b!, vectorB) : undefined,
    ];
  },
};

/** A shared `[k, m]` right side sees all leading rows at once: one flat product instead of a batch and a sum. */
function weightGradient(g: GraphBuilder, a: Value, b: Value, dy: Value): Value {
  const [rows, columns] = [staticDims(a), staticDims(dy)];
  if (b.dims.length > 2 || rows.length === 2) return unbroadcast(g, g.op("MatMul", [flip(g, a), dy]), b);
  const flatA = reshape(g, a, [-1, rows.at(-1)!]);
  return g.op("MatMul", [flip(g, flatA), reshape(g, dy, [-1, columns.at(-1)!])]);
}

function flip(g: GraphBuilder, x: Value): Value {
  const rank = x.dims.length;
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return g.op("Transpose", [x], { perm });
}
