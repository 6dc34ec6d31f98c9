import { fail, type Value } from "@graft-ml/core";
import { unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";

/** alpha · A B + beta · C, either side transposed on request. */
export const gemm: Operator = {
  op: "Gemm",
  since: 7,
  infer(c) {
    const a = c.input(0);
    const b = c.input(1);
    for (const { name, dims } of [a, b]) {
      if (dims.length !== 2)
        throw fail(
          "graph",
          `node "${c.node.name}" (Gemm): expected "${name}" to be a matrix; received [${dims.join(", ")}]`,
        );
    }
    const [inner, outer] = [
      a.dims[c.attributes.int("transA", 0) === 1 ? 0 : 1],
      b.dims[c.attributes.int("transB", 0) === 1 ? 1 : 0],
    ];
    if (typeof inner === "number" && typeof outer === "number" && inner !== outer) {
      throw fail(
        "graph",
        `node "${c.node.name}" (Gemm): [${a.dims.join(", ")}] and [${b.dims.join(", ")}] have no product`,
      );
    }
    const rows = c.attributes.int("transA", 0) === 1 ? a.dims[1]! : a.dims[0]!;
    const columns = c.attributes.int("transB", 0) === 1 ? b.dims[0]! : b.dims[1]!;
    return [{ dtype: a.dtype, dims: [rows, columns] }];
  },
  gradient({ g, attributes, inputs: [a, b, c], dy, needs }) {
    const transA = attributes.int("transA", 0) === 1;
    const transB = attributes.int("transB", 0) === 1;
    const alpha = { float: attributes.float("alpha", 1) };
    const beta = attributes.float("beta", 1);
    const product = (x: Value, y: Value, xT: boolean, yT: boolean): Value =>
      g.op("Gemm", [x, y], { alpha, transA: xT ? 1 : 0, transB: yT ? 1 : 0 });
    const scaled = (): Value => (beta === 1 ? dy : g.op("Mul", [dy, g.scalar(beta)]));
    return [
      needs(0) ? (transA ? product(b!, dy, transB, true) : product(dy, b!, false, !transB)) : undefined,
      needs(1) ? (transB ? product(dy, a!, true, transA) : product(a!, dy, !transA, false)) : undefined,
      c !== undefined && needs(2) ? unbroadcast(g, scaled(), c) : undefined,
    ];
  },
};
