import { fail } from "@graft-ml/core";
import type { InferContext } from "../operator.ts";

/** Refuses strides, dilations, pads or a kernel shape that do not fit a window of these sizes. */
export function checkWindow(c: Pick<InferContext, "node" | "attributes">, window: readonly number[]): void {
  for (const [name, length] of [
    ["strides", window.length],
    ["dilations", window.length],
    ["pads", 2 * window.length],
    ["kernel_shape", window.length],
  ] as const) {
    if (!c.attributes.has(name)) continue;
    const own = c.attributes.ints(name);
    const other = name === "kernel_shape" && own.some((size, i) => size !== window[i]);
    if (own.length === length && !other) continue;
    throw fail(
      "graph",
      `node "${c.node.name}" (${c.node.op}): ${name} [${own.join(", ")}] does not fit a window of [${window.join(", ")}]`,
    );
  }
}
