import { fail, type Value } from "@graft-ml/core";
import { reduceSum, reshape } from "../emit.ts";
import type { Operator } from "../operator.ts";

/**
 * (x − mean) / √(var + epsilon) · scale + bias, per channel, with fixed statistics.
 * Live statistics are a rewrite to other operators (`liveBatchNorm`), so that they need no rule of their own.
 */
export const batchNormalization: Operator = {
  op: "BatchNormalization",
  since: 7,
  infer(c) {
    if (c.attributes.int("training_mode", 0) === 1) {
      throw fail(
        "graph",
        `node "${c.node.name}" (BatchNormalization): training mode is not supported; export the model in evaluation mode`,
      );
    }
    if (c.attributes.int("spatial", 1) !== 1) {
      throw fail("graph", `node "${c.node.name}" (BatchNormalization): statistics of each pixel are not supported`);
    }
    const channels = c.input(0).dims[1] ?? 1;
    for (const i of [1, 2, 3, 4]) {
      const { name, dims } = c.input(i);
      const [size] = dims;
      if (dims.length !== 1 || (typeof size === "number" && typeof channels === "number" && size !== channels)) {
        throw fail(
          "graph",
          `node "${c.node.name}" (BatchNormalization): expected "${name}" to be [${channels}]; received [${dims.join(", ")}]`,
        );
      }
    }
    return [c.input(0)];
  },
  gradient({ g, node, attributes, inputs, dy, needs }) {
    const [x, scale, , mean, variance] = inputs as Value[];
    if (needs(3) || needs(4))
      throw fail(
        "graph/differentiate",
        `node "${node.name}" (BatchNormalization): fixed statistics cannot be variables`,
      );
    const column = [1, -1, ...x!.dims.slice(2).map(() => 1)];
    const axes = x!.dims.flatMap((_, i) => (i === 1 ? [] : [i]));
    const inverse = g.op("Reciprocal", [
      g.op("Sqrt", [g.op("Add", [variance, g.scalar(attributes.float("epsilon", 1e-5))])]),
    ]);
    return [
      needs(0) ? g.op("Mul", [dy, reshape(g, g.op("Mul", [scale, inverse]), column)]) : undefined,
      needs(1)
        ? g.op("Mul", [
            reduceSum(g, g.op("Mul", [dy, g.op("Sub", [x, reshape(g, mean!, column)])]), axes, false),
            inverse,
          ])
        : undefined,
      needs(2) ? reduceSum(g, dy, axes, false) : undefined,
    ];
  },
};
