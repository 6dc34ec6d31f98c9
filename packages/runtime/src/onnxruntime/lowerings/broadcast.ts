import { reshape } from "@graft-ml/graph";
import type { Rewrite } from "./index.ts";

/**
 * An elementwise operator whose shorter input gets the rank of the longer one. ONNX Runtime walks element by element
 * where a value of rank 0 or 1 meets trailing axes of size 1, such as those of a 1×1 kernel: 88 times slower.
 */
export const broadcast: Rewrite = (node, g) => {
  const inputs = node.inputs.map((name) => g.value(name));
  const longest = inputs.reduce((a, b) => (b.dims.length > a.dims.length ? b : a));
  const rank = longest.dims.length;
  if (longest.dims.at(-1) !== 1 || inputs.every(({ dims }) => dims.length === rank)) return undefined;
  const raised = inputs.map((input) => {
    const dims = input.dims.filter((dim): dim is number => typeof dim === "number");
    if (input.dims.length === rank || dims.length < input.dims.length) return input;
    return reshape(g, input, [...Array.from({ length: rank - dims.length }, () => 1), ...dims]);
  });
  return g.op(node.op, raised);
};
