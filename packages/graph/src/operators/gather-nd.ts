import { fail, toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, type Operator, staticDims } from "../operator.ts";
import { picked } from "./evaluation.ts";
import { slicePlaces } from "./scatter-nd.ts";

/** Slices named by whole positions: the last axis of the indices holds one position each. */
export const gatherNd: Operator = {
  op: "GatherND",
  since: 11,
  infer(c) {
    const [x, indices] = [c.input(0), c.input(1)];
    const batch = c.attributes.int("batch_dims", 0);
    const depth = indices.dims.at(-1)!;
    if (typeof depth !== "number")
      throw fail("graph", `node "${c.node.name}" (GatherND): the last axis of its indices must be static`);
    return [{ dtype: x.dtype, dims: [...indices.dims.slice(0, -1), ...x.dims.slice(batch + depth)] }];
  },
  evaluate(c, [x, indices]) {
    const batch = c.attributes.int("batch_dims", 0);
    const depth = indices!.dims.at(-1)!;
    const place = slicePlaces(c.node, x!.dims, indices!.dims, toNumbers(indices!), batch);
    return [picked(x!, [...indices!.dims.slice(0, -1), ...x!.dims.slice(batch + depth)], place)];
  },
  gradient({ g, node, attributes, inputs: [x, indices], dy }) {
    if (attributes.int("batch_dims", 0) !== 0)
      throw fail("graph/differentiate", `node "${node.name}" (GatherND): batch_dims has no gradient`);
    return [g.op("GatherNDGrad", [dy, indices], { shape: staticDims(x!) }, GRAFT_DOMAIN)];
  },
};
