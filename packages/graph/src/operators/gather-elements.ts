import { toNumbers } from "@graft-ml/core";
import { GRAFT_DOMAIN, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { picked } from "./evaluation.ts";
import { elementPlaces } from "./scatter-elements.ts";

/** For each index the element that it names along one axis, at the same place on the others. */
export const gatherElements: Operator = {
  op: "GatherElements",
  since: 11,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: c.input(1).dims }],
  evaluate(c, [x, indices]) {
    const places = elementPlaces(c.node, c.attributes, x!.dims, indices!.dims, toNumbers(indices!));
    return [picked(x!, indices!.dims, places)];
  },
  gradient({ g, node, attributes, inputs: [x, indices], dy }) {
    const shape = staticDims(x!);
    const axis = normalizeAxis(node, attributes.int("axis", 0), shape.length);
    return [g.op("GatherElementsGrad", [dy, indices], { axis, shape }, GRAFT_DOMAIN)];
  },
};
