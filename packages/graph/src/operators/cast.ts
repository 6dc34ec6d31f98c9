import { allocate, type DType, fail, type Tensor, toNumbers } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import type { Operator } from "../operator.ts";

/** Conversion to another element type; the gradient is converted back. */
export const cast: Operator = {
  op: "Cast",
  since: 6,
  infer: (c) => [{ dtype: target(c.attributes.int("to"), c.node.name), dims: c.input(0).dims }],
  evaluate(c, [x]) {
    const dtype = target(c.attributes.int("to"), c.node.name);
    return dtype === "float16" || dtype === "bfloat16" ? undefined : [convert(x!, dtype)];
  },
  gradient: ({ g, inputs, dy }) =>
    inputs[0]!.dtype.startsWith("float")
      ? [g.op("Cast", [dy], { to: DTYPE_OF.indexOf(inputs[0]!.dtype) })]
      : [undefined],
};

function target(code: number, node: string): DType {
  const dtype = DTYPE_OF[code];
  if (dtype === undefined) throw fail("graph", `node "${node}" (Cast): element type ${code} is not supported`);
  return dtype;
}

function convert(x: Tensor, dtype: DType): Tensor {
  const data = allocate(dtype, x.data.length);
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const values = x.data instanceof BigInt64Array && wide ? x.data : toNumbers(x);
  for (let i = 0; i < data.length; i++) {
    const value = values[i]!;
    if (wide) data[i] = typeof value === "bigint" ? value : BigInt(Math.trunc(value as number));
    else data[i] = dtype === "bool" ? Number(value !== 0) : (value as number);
  }
  return { dtype, dims: x.dims, data };
}
