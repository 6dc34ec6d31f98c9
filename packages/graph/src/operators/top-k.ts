import { allocate, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type InferContext, normalizeAxis, type Operator, type Shape, staticDims } from "../operator.ts";
import { stridesOf } from "./evaluation.ts";

/** The k largest (or smallest) elements along an axis, in order, and where they are. */
export const topK: Operator = {
  op: "TopK",
  since: 10,
  infer: shapes,
  evaluate(c, [x, k]) {
    const { dims, data, dtype } = x!;
    const axis = normalizeAxis(c.node, c.attributes.int("axis", -1), dims.length);
    const sign = c.attributes.int("largest", 1) === 1 ? -1 : 1;
    const [count, inner, wanted] = [dims[axis]!, stridesOf(dims)[axis]!, toNumbers(k!)[0]!];
    if (wanted > count) return undefined;
    const out = dims.map((dim, i) => (i === axis ? wanted : dim));
    const values = allocate(dtype, (data.length / count) * wanted);
    const indices = new BigInt64Array(values.length);
    const order = Array.from({ length: count }, (_, i) => i);
    for (let line = 0; line < data.length / count; line++) {
      const [block, offset] = [Math.floor(line / inner) * inner, line % inner];
      const at = (i: number): number => Number(data[block * count + offset + i * inner]!);
      // Of equals the first comes first.
      order.sort((a, b) => sign * (at(a) - at(b)) || a - b);
      for (let i = 0; i < wanted; i++) {
        const place = block * wanted + offset + i * inner;
        values[place] = data[block * count + offset + order[i]! * inner]!;
        indices[place] = BigInt(order[i]!);
      }
    }
    return [
      { dtype, dims: out, data: values },
      { dtype: "int64", dims: out, data: indices },
    ];
  },
  gradient({ g, node, attributes, inputs, outputs, dy }) {
    const shape = staticDims(inputs[0]!);
    const axis = normalizeAxis(node, attributes.int("axis", -1), shape.length);
    return [g.op("GatherElementsGrad", [dy, outputs[1]], { axis, shape }, GRAFT_DOMAIN)];
  },
};

function shapes(c: InferContext): readonly Shape[] {
  const { dtype, dims } = c.input(0);
  const axis = normalizeAxis(c.node, c.attributes.int("axis", -1), dims.length);
  const k = c.constant(1);
  const count = k === undefined ? c.unknown() : toNumbers(k)[0]!;
  const out = dims.map((dim, i) => (i === axis ? count : dim));
  return [
    { dtype, dims: out },
    { dtype: "int64", dims: out },
  ];
}
