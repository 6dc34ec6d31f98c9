import { allocate, type Dim, fail, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type InferContext, type Operator, staticDims } from "../operator.ts";

/** Puts each element where its index, one for the whole output taken as a row, says; the rest is 0. */
export const maxUnpool: Operator = {
  op: "MaxUnpool",
  since: 9,
  infer(c) {
    const x = c.input(0);
    return [{ dtype: x.dtype, dims: outputDims(c) }];
  },
  evaluate(c, [x, indices]) {
    const dims = outputDims(c);
    if (dims.some((dim) => typeof dim === "string")) return undefined;
    const data = allocate(x!.dtype, sizeOf(dims as number[]));
    const places = toNumbers(indices!);
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      if (place < 0 || place >= data.length) {
        throw fail(
          "graph",
          `node "${c.node.name}" (MaxUnpool): index ${place} is outside an output of [${dims.join(", ")}]`,
        );
      }
      data[place] = x!.data[i]!;
    }
    return [{ dtype: x!.dtype, dims: dims as number[], data } satisfies Tensor];
  },
  gradient({ g, inputs, dy }) {
    const [row, places] = [reshape(g, dy, [-1]), reshape(g, inputs[1]!, [-1])];
    return [reshape(g, g.op("GatherElements", [row, places], { axis: 0 }), staticDims(inputs[0]!))];
  },
};

function outputDims(c: InferContext): readonly Dim[] {
  const { dims } = c.input(0);
  const kernel = c.attributes.ints("kernel_shape");
  const filled = (value: number, times = 1) => new Array<number>(kernel.length * times).fill(value);
  const strides = c.attributes.ints("strides", filled(1));
  const pads = c.attributes.ints("pads", filled(0, 2));
  const space = dims.slice(2).map((size, axis): Dim => {
    if (typeof size === "string") return c.unknown();
    return (size - 1) * strides[axis]! + kernel[axis]! - pads[axis]! - pads[axis + kernel.length]!;
  });
  const whole = [...dims.slice(0, 2), ...space];
  const asked = c.optional(2) === undefined ? undefined : c.constant(2);
  // The standard counts indices in the shape without it, ONNX Runtime in the one asked for.
  if (c.optional(2) !== undefined && (asked === undefined || String(toNumbers(asked)) !== String(whole))) {
    throw fail(
      "graph",
      `node "${c.node.name}" (MaxUnpool): an output_shape other than the window's own [${whole.join(", ")}] is not supported`,
    );
  }
  return whole;
}
