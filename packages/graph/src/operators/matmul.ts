import { fail, type GraphBuilder, type Value } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import { reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";

/** Matrix product of the last two dimensions, broadcasting the others. */
export const matMul: Operator = {
  op: "MatMul",
  since: 1,
  infer(c) {
    const a = c.input(0);
    const b = c.input(1);
    if (a.dims.length < 2 || b.dims.length < 2) {
      throw fail(
        "graph",
        `node "${c.node.name}" (MatMul): expected at least 2 dimensions; received [${a.dims.join(", ")}] and [${b.dims.join(", ")}]`,
      );
    }
    const inner = [a.dims.at(-1)!, b.dims.at(-2)!];
    if (typeof inner[0] === "number" && typeof inner[1] === "number" && inner[0] !== inner[1]) {
      throw fail(
        "graph",
        `node "${c.node.name}" (MatMul) cannot multiply [${a.dims.join(", ")}] by [${b.dims.join(", ")}]`,
      );
    }
    const lead = broadcastDims(c.node, a.dims.slice(0, -2), b.dims.slice(0, -2));
    return [{ dtype: a.dtype, dims: [...lead, a.dims.at(-2)!, b.dims.at(-1)!] }];
  },
  gradient({ g, inputs: [a, b], dy, needs }) {
    return [
      needs(0) ? unbroadcast(g, g.op("MatMul", [dy, flip(g, b!)]), a!) : undefined,
      needs(1) ? weightGradient(g, a!, b!, dy) : undefined,
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
