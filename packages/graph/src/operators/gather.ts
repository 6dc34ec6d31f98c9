import { toNumbers } from "@graft-ml/core";
import { normalizeAxis, type Operator } from "../operator.ts";

/** Picks slices by index along one axis. */
export const gather: Operator = {
  op: "Gather",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    return [{ dtype, dims: [...dims.slice(0, axis), ...c.input(1).dims, ...dims.slice(axis + 1)] }];
  },
  evaluate(_, [x, indices]) {
    if (x!.dims.length !== 1 || !(x!.data instanceof BigInt64Array)) return undefined;
    const size = x!.data.length;
    const picked = Array.from(toNumbers(indices!), (i) => (x!.data as BigInt64Array)[i < 0 ? i + size : i]!);
    return picked.includes(undefined as never)
      ? undefined
      : [{ dtype: "int64", dims: indices!.dims, data: BigInt64Array.from(picked) }];
  },
};
