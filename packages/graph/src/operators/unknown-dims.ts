import { fail } from "@graft-ml/core";
import { MOST_DIMENSIONS } from "../model/limits.ts";
import type { InferContext } from "../operator.ts";

/** Unknown dimensions in the number that the length of a shape input says, whose value is known only when the graph runs. */
export function unknownDims(c: InferContext, index: number): string[] {
  const rank = c.input(index).dims[0];
  if (typeof rank !== "number")
    throw fail("graph", `node "${c.node.name}" (${c.node.op}): the rank of the new shape is not known`);
  if (rank > MOST_DIMENSIONS) {
    throw fail(
      "graph",
      `node "${c.node.name}" (${c.node.op}) makes ${rank} dimensions; at most ${MOST_DIMENSIONS} are supported`,
    );
  }
  return Array.from({ length: rank }, () => c.unknown());
}
