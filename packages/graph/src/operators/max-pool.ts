import { GRAFT_DOMAIN, type Operator } from "../operator.ts";
import { asPicture, sameShape } from "./conv.ts";
import { evaluateMaxPool } from "./max-pool-evaluate.ts";
import { poolShape, poolWindow } from "./max-pool-window.ts";

/** Largest element of each window, and its place; of equal ones the first in scan order takes the gradient. */
export const maxPool: Operator = {
  op: "MaxPool",
  since: 1,
  infer(c) {
    const shape = poolShape(c);
    return [shape, { dtype: "int64", dims: shape.dims }];
  },
  evaluate: evaluateMaxPool,
  gradient(c) {
    const { g, attributes, inputs, outputs, dy } = c;
    const { kernel, strides, dilations, pads } = poolWindow(c);
    const operands = [inputs[0]!, outputs[0]!, dy].map((value) => asPicture(g, value));
    const window = {
      kernel_shape: kernel,
      strides,
      dilations,
      pads,
      ceil_mode: attributes.int("ceil_mode", 0),
    };
    return [sameShape(g, g.op("MaxPoolGrad", operands, window, GRAFT_DOMAIN), inputs[0]!)];
  },
};
