import type { Operator } from "../operator.ts";

/** A value as uint8 with the scale and zero point that its own smallest and largest number ask for. */
export const dynamicQuantizeLinear: Operator = {
  op: "DynamicQuantizeLinear",
  since: 11,
  infer: (c) => [
    { dtype: "uint8", dims: c.input(0).dims },
    { dtype: "float32", dims: [] },
    { dtype: "uint8", dims: [] },
  ],
};
