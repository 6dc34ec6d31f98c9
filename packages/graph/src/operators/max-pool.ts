import { type Dim, fail, float32 } from "@graft-ml/core";
import { reduceMax, reshape } from "../emit.ts";
import { GRAFT_DOMAIN, type Operator, staticDims } from "../operator.ts";
import { convGeometry } from "./conv.ts";

/** Largest element of each window; of equal ones the first in scan order takes the gradient. */
export const maxPool: Operator = {
  op: "MaxPool",
  since: 1,
  infer(c) {
    const x = c.input(0);
    const kernel = c.attributes.ints("kernel_shape");
    const where = `node "${c.node.name}" (MaxPool)`;
    if (c.node.outputs[1]) throw fail("graph", `${where}: the output of indices is not supported`);
    if (x.dims.length !== 4 || kernel.length !== 2) {
      throw fail("graph", `${where}: expected [batch, channels, height, width]; received [${x.dims.join(", ")}]`);
    }
    const { strides, pads, dilations } = convGeometry(c, x.dims, [1, 1, ...kernel]);
    const spatial = [0, 1].map((axis): Dim => {
      const size = x.dims[axis + 2]!;
      if (typeof size === "string") return c.unknown();
      const [stride, before] = [strides[axis]!, pads[axis]!];
      const steps = (size + before + pads[axis + 2]! - dilations[axis]! * (kernel[axis]! - 1) - 1) / stride;
      if (c.attributes.int("ceil_mode", 0) === 0) return Math.floor(steps) + 1;
      const last = Math.ceil(steps);
      // No window starts in the padding behind the picture.
      return last * stride >= size + before ? last : last + 1;
    });
    return [{ dtype: x.dtype, dims: [...x.dims.slice(0, 2), ...spatial] }];
  },
  gradient(c) {
    const { g, inputs, outputs, dy } = c;
    const [n, channels, height, width] = staticDims(inputs[0]!) as [number, number, number, number];
    const [, , rows, columns] = staticDims(outputs[0]!) as [number, number, number, number];
    const [kh, kw] = c.attributes.ints("kernel_shape") as [number, number];
    const { strides, pads, dilations } = convGeometry(c, inputs[0]!.dims, [1, 1, kh, kw]);
    const planes = n * channels;
    const behind = [height, width].map((size, axis) => {
      const needed = ([rows, columns][axis]! - 1) * strides[axis]! + dilations[axis]! * ([kh, kw][axis]! - 1) + 1;
      return Math.max(pads[axis + 2]!, needed - size - pads[axis]!);
    }) as [number, number];
    const around = g.ints([0, 0, pads[0]!, pads[1]!, 0, 0, ...behind]);
    const padded = g.op("Pad", [reshape(g, inputs[0]!, [planes, 1, height, width]), around, g.scalar(-3.4e38)]);
    const taps = kh * kw;
    // A convolution with unit kernels lays the elements of each window side by side, one channel each.
    const unit = Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0));
    const w = g.constant(float32([taps, 1, kh, kw], unit));
    const geometry = { strides, dilations, group: 1 };
    const windows = g.op("Conv", [padded, w], { ...geometry, pads: [0, 0, 0, 0] });
    const peak = reshape(g, outputs[0]!, [planes, 1, rows, columns]);
    const order = g.constant(
      float32(
        [1, taps, 1, 1],
        Array.from({ length: taps }, (_, k) => taps - k),
      ),
    );
    const turn = g.op("Where", [g.op("Equal", [windows, peak]), order, g.scalar(0)]);
    const first = g.op("Equal", [order, reduceMax(g, turn, [1], true)]);
    const share = g.op("Where", [first, reshape(g, dy, [planes, 1, rows, columns]), g.scalar(0)]);
    const shape = [planes, 1, height, width];
    const explicit = { ...geometry, pads: [pads[0]!, pads[1]!, ...behind], shape };
    const dx = g.op("ConvGradInput", [share, w], explicit, GRAFT_DOMAIN);
    return [reshape(g, dx, [n, channels, height, width])];
  },
};
