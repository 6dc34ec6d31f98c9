import type { Dim } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, type Operator, staticDims } from "../operator.ts";
import { axesOf } from "./squeeze.ts";

/** Inserts dimensions of size 1. */
export const unsqueeze: Operator = {
  op: "Unsqueeze",
  since: 1,
  infer: (c) => [{ dtype: c.input(0).dtype, dims: insert(c, c.input(0).dims) }],
  evaluate: (c, [x]) => [{ ...x!, dims: insert(c, x!.dims) as number[] }],
  gradient: ({ g, inputs, dy }) => [reshape(g, dy, staticDims(inputs[0]!))],
};

function insert(c: InferContext, dims: readonly Dim[]): Dim[] {
  const count = c.attributes.has("axes") ? c.attributes.ints("axes").length : Number(c.input(1).dims[0] ?? 1);
  const axes = axesOf(c, dims.length + count) ?? [];
  const rest = [...dims];
  return Array.from({ length: dims.length + count }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
}
