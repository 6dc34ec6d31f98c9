import { fail, float32, int64, type Tensor } from "@graft-ml/core";
import type { InferContext, Operator } from "../operator.ts";

/** A tensor written into the node. */
export const constant: Operator = {
  op: "Constant",
  since: 1,
  infer: (c) => [contentOf(c)],
  evaluate: (c) => [contentOf(c)],
};

function contentOf(c: InferContext): Tensor {
  const value = c.attributes.tensor("value");
  if (value !== undefined) return value;
  if (c.attributes.has("value_float")) return float32([], [c.attributes.float("value_float")]);
  if (c.attributes.has("value_int")) return int64([], [c.attributes.int("value_int")]);
  if (c.attributes.has("value_ints")) {
    const ints = c.attributes.ints("value_ints");
    return int64([ints.length], ints);
  }
  const floats = c.node.attributes.value_floats;
  if (floats?.type === "floats") return float32([floats.value.length], floats.value);
  const kind = Object.keys(c.node.attributes).join(", ") || "nothing";
  throw fail("graph", `node "${c.node.name}" (Constant) holds ${kind}, which is not supported; expected numbers`);
}
