import { fail, type GraphNode, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import { type Attributes, type InferContext, normalizeAxis, type Shape } from "../operator.ts";
import { broadcastPlaces, type Evaluate } from "./evaluation.ts";

/** The axes that a reduction sums over: attribute, second input, or all of them. */
export function reductionAxes(
  node: GraphNode,
  attributes: Attributes,
  constant: (index: number) => Tensor | undefined,
  rank: number,
): number[] {
  const all = (): number[] => Array.from({ length: rank }, (_, i) => i);
  if (attributes.has("axes")) return attributes.ints("axes").map((axis) => normalizeAxis(node, axis, rank));
  if (!node.inputs[1]) return attributes.int("noop_with_empty_axes", 0) === 1 ? [] : all();
  const axes = constant(1);
  if (axes === undefined) throw fail("graph", `node "${node.name}" (${node.op}): axes must be constant`);
  if (axes.data.length === 0) return attributes.int("noop_with_empty_axes", 0) === 1 ? [] : all();
  return Array.from(toNumbers(axes), (axis) => normalizeAxis(node, axis, rank));
}

/** Shape rule of every reduction. */
export function inferReduction(c: InferContext): readonly Shape[] {
  const { dtype, dims } = c.input(0);
  const axes = reductionAxes(c.node, c.attributes, c.constant, dims.length);
  const keep = c.attributes.int("keepdims", 1) === 1;
  return [
    {
      dtype,
      dims: keep ? dims.map((dim, i) => (axes.includes(i) ? 1 : dim)) : dims.filter((_, i) => !axes.includes(i)),
    },
  ];
}

/** Exact reduction of int64 values, as exporters use on shapes; without `empty` nothing may be reduced to nothing. */
export function evaluateReduction(join: (a: bigint, b: bigint) => bigint, empty?: bigint): Evaluate {
  return (c, [x]) => {
    if (x!.dtype !== "int64" || (empty === undefined && x!.data.length === 0)) return undefined;
    const axes = reductionAxes(c.node, c.attributes, c.constant, x!.dims.length);
    const full = x!.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
    const place = broadcastPlaces(full, x!.dims);
    const totals = new Array<bigint | undefined>(sizeOf(full)).fill(empty);
    for (const [i, value] of (x!.data as BigInt64Array).entries()) {
      const before = totals[place(i)];
      totals[place(i)] = before === undefined ? value : join(before, value);
    }
    const dims = c.attributes.int("keepdims", 1) === 1 ? full : x!.dims.filter((_, i) => !axes.includes(i));
    return [{ dtype: "int64", dims, data: BigInt64Array.from(totals as bigint[]) }];
  };
}
