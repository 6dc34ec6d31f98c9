import { allocate, sizeOf } from "@graft-ml/core";
import { broadcastDims, unbroadcast } from "../broadcast.ts";
import type { Operator } from "../operator.ts";
import { broadcastPlaces } from "./evaluation.ts";

/** a where the condition holds, b elsewhere. */
export const where: Operator = {
  op: "Where",
  since: 9,
  infer: (c) => [
    {
      dtype: c.input(1).dtype,
      dims: broadcastDims(c.node, c.input(0).dims, broadcastDims(c.node, c.input(1).dims, c.input(2).dims)),
    },
  ],
  evaluate(c, [condition, a, b]) {
    if (a!.dtype !== b!.dtype) return undefined;
    const dims = [condition!, a!, b!].reduce<readonly number[]>(
      (all, value) => broadcastDims(c.node, all, value.dims) as number[],
      [],
    );
    const [which, yes, no] = [condition!, a!, b!].map((value) => broadcastPlaces(value.dims, dims));
    const data = allocate(a!.dtype, sizeOf(dims));
    for (let i = 0; i < data.length; i++) {
      data[i] = condition!.data[which!(i)] ? a!.data[yes!(i)]! : b!.data[no!(i)]!;
    }
    return [{ dtype: a!.dtype, dims, data }];
  },
  gradient({ g, inputs: [condition, a, b], dy, needs }) {
    const zero = g.scalar(0);
    return [
      undefined,
      needs(1) ? unbroadcast(g, g.op("Where", [condition, dy, zero]), a!) : undefined,
      needs(2) ? unbroadcast(g, g.op("Where", [condition, zero, dy]), b!) : undefined,
    ];
  },
};
