import type { GraphBuilder, Value } from "@graft-ml/core";
import { reduceSum, reshape } from "@graft-ml/graph";

/** Sum of the squares of all elements, a scalar; `[1]` where it is to be joined with others. */
export function sumOfSquares(g: GraphBuilder, value: Value, joined: boolean = false): Value {
  const flat = reshape(g, value, [-1]);
  return reduceSum(g, g.op("Mul", [flat, flat]), [0], joined);
}

/** Sum of scalars; 0 where there are none. */
export function total(g: GraphBuilder, values: readonly Value[]): Value {
  const [first = g.scalar(0), ...rest] = values;
  return rest.reduce((sum, value) => g.op("Add", [sum, value]), first);
}
