import { allocate, type Dim, fail, sizeOf } from "@graft-ml/core";
import { normalizeAxis, type Operator, staticDims } from "../operator.ts";

/** Values side by side along one axis. */
export const concat: Operator = {
  op: "Concat",
  since: 4,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axis = normalizeAxis(c.node, c.attributes.int("axis"), dims.length);
    for (const [i] of c.node.inputs.entries()) {
      const part = c.input(i).dims;
      const fits = part.every(
        (dim, k) => k === axis || typeof dim === "string" || typeof dims[k] === "string" || dim === dims[k],
      );
      if (part.length !== dims.length || !fits) {
        throw fail(
          "graph",
          `node "${c.node.name}" (Concat) cannot join [${dims.join(", ")}] and [${part.join(", ")}] along axis ${axis}`,
        );
      }
    }
    const parts = c.node.inputs.map((_, i) => c.input(i).dims[axis]!);
    const total: Dim = parts.every((dim) => typeof dim === "number")
      ? parts.reduce<number>((a, b) => a + (b as number), 0)
      : c.unknown();
    return [{ dtype, dims: dims.map((dim, i) => (i === axis ? total : dim)) }];
  },
  evaluate(c, parts) {
    const { dtype, dims } = parts[0]!;
    if (parts.some((part) => part.dtype !== dtype)) return undefined;
    const axis = normalizeAxis(c.node, c.attributes.int("axis"), dims.length);
    const total = parts.reduce((sum, part) => sum + part.dims[axis]!, 0);
    const out = dims.map((dim, i) => (i === axis ? total : dim));
    const data = allocate(dtype, sizeOf(out)) as Float32Array;
    const outer = sizeOf(dims.slice(0, axis));
    for (let block = 0, to = 0; block < outer; block++) {
      for (const part of parts) {
        const length = part.data.length / outer;
        data.set((part.data as Float32Array).subarray(block * length, (block + 1) * length), to);
        to += length;
      }
    }
    return [{ dtype, dims: out, data }];
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
