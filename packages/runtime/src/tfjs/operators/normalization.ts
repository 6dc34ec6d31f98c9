import type { Kernel } from "../kernel.ts";
import { form, logical, made, type Value } from "../value.ts";

/** `BatchNormalization` with its running statistics. */
export const batchNormalization: Kernel = (node, device) => {
  if (node.int("training_mode", 0) !== 0)
    throw node.fail("training mode is not supported; the statistics of a batch must be nodes of the graph");
  const varianceEpsilon = node.float("epsilon", 1e-5);
  return (inputs) => {
    const [x, scale, offset, mean, variance] = inputs as readonly [Value, Value, Value, Value, Value];
    const rank = x.dims.length;
    const order = [0, ...x.dims.map((_, i) => i).slice(2), 1];
    const last = form(x, order, device);
    // The kernel wants pictures: other ranks borrow their shape.
    const picture = rank === 4 ? last : device.reshape(last, [1, 1, -1, x.dims[1]!]);
    const y = device.run(
      "FusedBatchNorm",
      {
        x: picture,
        scale: logical(scale, device),
        offset: logical(offset, device),
        mean: logical(mean, device),
        variance: logical(variance, device),
      },
      { varianceEpsilon },
    );
    return made(rank === 4 ? y : device.reshape(y, last.shape), x.dtype, order);
  };
};
