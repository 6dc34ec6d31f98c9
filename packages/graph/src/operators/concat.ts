import { allocate, type Dim } from "@graft-ml/core";
import { normalizeAxis, type Operator, staticDims } from "../operator.ts";

/** Values side by side along one axis. */
export const concat: Operator = {
  op: "Concat",
  since: 4,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axis = normalizeAxis(c.node, c.attributes.int("axis"), dims.length);
    const parts = c.node.inputs.map((_, i) => c.input(i).dims[axis]!);
    const total: Dim = parts.every((dim) => typeof dim === "number")
      ? parts.reduce<number>((a, b) => a + (b as number), 0)
      : c.unknown();
    return [{ dtype, dims: dims.map((dim, i) => (i === axis ? total : dim)) }];
  },
  evaluate(_, parts) {
    if (parts.some((part) => part.dims.length !== 1 || part.dtype !== parts[0]!.dtype)) return undefined;
    const data = allocate(
      parts[0]!.dtype,
      parts.reduce((n, part) => n + part.data.length, 0),
    );
    let offset = 0;
    for (const part of parts) {
      (data as Float32Array).set(part.data as Float32Array, offset);
      offset += part.data.length;
    }
    return [{ dtype: parts[0]!.dtype, dims: [data.length], data }];
  },
  gradient({ g, node, attributes, inputs, dy, needs }) {
    const axis = normalizeAxis(node, attributes.int("axis"), dy.dims.length);
    let start = 0;
    return inputs.map((input, i) => {
      const from = start;
      start += staticDims(input!)[axis]!;
      return needs(i) ? g.op("Slice", [dy, g.ints([from]), g.ints([start]), g.ints([axis])]) : undefined;
    });
  },
};
