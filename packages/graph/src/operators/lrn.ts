import { fail, float32, type Tensor, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";

/** Local response normalisation: x / (bias + alpha / size · Σ x² over neighbouring channels)^beta. */
export const lrn: Operator = {
  op: "LRN",
  since: 1,
  infer(c) {
    const size = c.attributes.int("size");
    if (size % 2 !== 1)
      throw fail("graph", `node "${c.node.name}" (LRN): expected an odd size, as ONNX Runtime does; received ${size}`);
    return [c.input(0)];
  },
  gradient({ g, attributes, inputs, dy }) {
    const x = inputs[0]!;
    const dims = staticDims(x);
    const channels = dims[1]!;
    const size = attributes.int("size");
    const [alpha, beta] = [attributes.float("alpha", 1e-4) / size, attributes.float("beta", 0.75)];
    const flat = (value: Value) => reshape(g, value, [dims[0]!, channels, -1]);
    const band = g.constant(channelBand(channels, size));
    const sum = (value: Value) => g.op("MatMul", [band, flat(value)]);
    const near = sum(g.op("Mul", [x, x]));
    const base = reshape(
      g,
      g.op("Add", [g.op("Mul", [near, g.scalar(alpha)]), g.scalar(attributes.float("bias", 1))]),
      dims,
    );
    const direct = g.op("Mul", [dy, g.op("Pow", [base, g.scalar(-beta)])]);
    // Each channel also stands in the windows of its neighbours.
    const through = g.op("Div", [g.op("Mul", [direct, x]), base]);
    const spread = reshape(g, sum(through), dims);
    return [g.op("Sub", [direct, g.op("Mul", [g.op("Mul", [x, g.scalar(2 * alpha * beta)]), spread])])];
  },
};

/** `[channels, channels]`: 1 where two channels stand in each other's windows. */
export function channelBand(channels: number, size: number): Tensor {
  const entries = Array.from({ length: channels * channels }, (_, k) => {
    const distance = Math.abs(Math.floor(k / channels) - (k % channels));
    return distance <= (size - 1) / 2 ? 1 : 0;
  });
  return float32([channels, channels], entries);
}
