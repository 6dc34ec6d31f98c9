import { type Dim, fail, sizeOf, type Tensor } from "@graft-ml/core";
import { type InferContext, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { unpick } from "./axis-maps.ts";
import { picked, stridesOf } from "./evaluation.ts";

/** The slices along an axis, or the elements of the whole value, whose condition holds. */
export const compress: Operator = {
  op: "Compress",
  since: 9,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const condition = c.constant(1);
    const count: Dim = condition === undefined ? c.unknown() : placesOf(condition).length;
    const axis = axisOf(c, dims.length);
    return [{ dtype, dims: axis === undefined ? [count] : dims.map((dim, i) => (i === axis ? count : dim)) }];
  },
  evaluate(c, [x, condition]) {
    const axis = axisOf(c, x!.dims.length);
    const dims = axis === undefined ? [sizeOf(x!.dims)] : x!.dims;
    const at = axis ?? 0;
    const places = placesOf(condition!);
    const outside = places.find((place) => place >= dims[at]!);
    if (outside !== undefined) {
      throw fail("graph", `node "${c.node.name}" (Compress): condition ${outside} is beyond an axis of ${dims[at]}`);
    }
    const inner = stridesOf(dims)[at]!;
    const block = places.length * inner;
    return [
      picked(
        x!,
        dims.map((dim, i) => (i === at ? places.length : dim)),
        (flat) => {
          const place = places[Math.floor((flat % block) / inner)]!;
          return (Math.floor(flat / block) * dims[at]! + place) * inner + (flat % inner);
        },
      ),
    ];
  },
  gradient(c) {
    const { g, node, inputs, constant, dy } = c;
    const condition = constant(1);
    if (condition === undefined) {
      throw fail("graph/differentiate", `node "${node.name}" (Compress) has a gradient by constant conditions only`);
    }
    const dims = staticDims(inputs[0]!);
    const axis = axisOf(c, dims.length);
    const places = placesOf(condition);
    if (axis !== undefined) return [unpick(g, dy, axis, places, dims[axis]!)];
    return [g.op("Reshape", [unpick(g, dy, 0, places, sizeOf(dims)), g.ints(dims)])];
  },
};

function axisOf({ node, attributes }: Pick<InferContext, "node" | "attributes">, rank: number): number | undefined {
  return attributes.has("axis") ? normalizeAxis(node, attributes.int("axis"), rank) : undefined;
}

function placesOf(condition: Tensor): number[] {
  return Array.from(condition.data as ArrayLike<number>).flatMap((holds, i) => (holds === 0 ? [] : [i]));
}
