import { type Dim, fail, sizeOf, toNumbers } from "@graft-ml/core";
import { reshape as emitReshape } from "../emit.ts";
import { type InferContext, type Operator, staticDims } from "../operator.ts";
import { unknownDims } from "./unknown-dims.ts";

/** The same elements in another shape; 0 copies a dimension, −1 is what remains. */
export const reshape: Operator = {
  op: "Reshape",
  since: 5,
  infer(c) {
    const shape = c.constant(1);
    if (shape === undefined) return [{ dtype: c.input(0).dtype, dims: unknownDims(c, 1) }];
    return [{ dtype: c.input(0).dtype, dims: resolve(c, c.input(0).dims, Array.from(toNumbers(shape))) }];
  },
  evaluate: (c, [x, shape]) => [{ ...x!, dims: resolve(c, x!.dims, Array.from(toNumbers(shape!))) as number[] }],
  gradient: ({ g, inputs, dy }) => [emitReshape(g, dy, staticDims(inputs[0]!))],
};

function resolve(c: InferContext, from: readonly Dim[], wanted: readonly number[]): Dim[] {
  const keepZero = c.attributes.int("allowzero", 0) === 1;
  const dims: Dim[] = wanted.map((dim, i) => (dim === 0 && !keepZero ? (from[i] ?? 0) : dim));
  const free = dims.indexOf(-1);
  const symbols = (list: readonly Dim[]): string[] => list.filter((dim) => typeof dim === "string").sort();
  const numbers = (list: readonly Dim[]): number =>
    sizeOf(list.filter((dim) => typeof dim === "number" && dim !== -1) as number[]);
  const same = symbols(from).join() === symbols(dims).join();
  if (free >= 0) {
    const rest = numbers(from) / numbers(dims);
    const missing = symbols(from).filter((name) => !symbols(dims).includes(name));
    if (same && Number.isInteger(rest)) dims[free] = rest;
    else if (!same) dims[free] = rest === 1 && missing.length === 1 ? missing[0]! : c.unknown();
    else throw mismatch(c, from, wanted);
  } else if (same && numbers(from) !== numbers(dims)) {
    throw mismatch(c, from, wanted);
  }
  return dims;
}

function mismatch(c: InferContext, from: readonly Dim[], wanted: readonly number[]): Error {
  return fail(
    "graph",
    `node "${c.node.name}" (Reshape) cannot give [${from.join(", ")}] the shape [${wanted.join(", ")}]`,
  );
}
