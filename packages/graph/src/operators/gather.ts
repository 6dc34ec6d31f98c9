import { fail, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { picked, stridesOf } from "./evaluation.ts";

/** Picks slices by index along one axis; the gradient sums over slices that were picked more than once. */
export const gather: Operator = {
  op: "Gather",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    return [{ dtype, dims: [...dims.slice(0, axis), ...c.input(1).dims, ...dims.slice(axis + 1)] }];
  },
  evaluate(c, [x, indices]) {
    const dims = x!.dims;
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    const size = dims[axis]!;
    const inner = stridesOf(dims)[axis]!;
    const picks = Array.from(toNumbers(indices!), (i) => (i < 0 ? i + size : i));
    const outside = picks.find((i) => i < 0 || i >= size);
    if (outside !== undefined) {
      throw fail("graph", `node "${c.node.name}" (Gather): index ${outside} is outside an axis of ${size}`);
    }
    const block = picks.length * inner;
    const out = [...dims.slice(0, axis), ...indices!.dims, ...dims.slice(axis + 1)];
    return [
      picked(x!, out, (i) => {
        const pick = picks[Math.floor((i % block) / inner)]!;
        return (Math.floor(i / block) * size + pick) * inner + (i % inner);
      }),
    ];
  },
  gradient({ g, node, attributes, inputs: [x, indices], dy }) {
    const shape = staticDims(x!);
    const axis = normalizeAxis(node, attributes.int("axis", 0), shape.length);
    return [g.op("GatherGrad", [dy, indices], { axis, shape }, GRAFT_DOMAIN)];
  },
};
