import { sizeOf, type Tensor, type Value } from "@graft-ml/core";
import { activate } from "../activations.ts";
import { channelsLast, type Held, type LayerContext, permuted, picture, shaped, spatial } from "../layer.ts";

/** `Conv2D`, with groups and dilation. */
export function conv2d(c: LayerContext): Held {
  const x = picture(c);
  const group = c.settings.number("groups", 1);
  const window = c.settings.pair("kernel_size");
  const [kernel, bias] = weights(c, "kernel");
  const channels = x.value.dims[1];
  const dims = [...window, typeof channels === "number" ? channels / group : undefined, c.settings.number("filters")];
  const w = c.parameter("kernel", () => permuted(shaped(c, "a kernel", kernel, dims), [3, 2, 0, 1]));
  return finish(c, conv(c, x.value, w, biasOf(c, bias), window, group));
}

/** `DepthwiseConv2D`: one kernel or more for each channel. */
export function depthwiseConv2d(c: LayerContext): Held {
  const x = picture(c);
  const window = c.settings.pair("kernel_size");
  const [kernel, bias] = weights(c, "kernel|depthwise_kernel");
  const w = c.parameter("kernel", () => depthwise(c, kernel, window, x));
  return finish(c, conv(c, x.value, w, biasOf(c, bias), window, kernel.dims[2]!));
}

/** `SeparableConv2D`: a depthwise convolution, then one over single pixels. */
export function separableConv2d(c: LayerContext): Held {
  const x = picture(c);
  const window = c.settings.pair("kernel_size");
  const [first, second, bias] = c.weights([
    "depthwise_kernel",
    "pointwise_kernel",
    ...(c.settings.boolean("use_bias", true) ? ["bias"] : []),
  ]);
  const inner = c.parameter("depthwise_kernel", () => depthwise(c, first!, window, x));
  const outer = c.parameter("pointwise_kernel", () =>
    permuted(
      shaped(c, "a pointwise kernel", second!, [1, 1, sizeOf(first!.dims.slice(2)), c.settings.number("filters")]),
      [3, 2, 0, 1],
    ),
  );
  const between = conv(c, x.value, inner, undefined, window, first!.dims[2]!);
  return finish(c, c.op("Conv", [between, outer, biasOf(c, bias)], { kernel_shape: [1, 1] }));
}

/** Pads at top, left, bottom, right of a window over a picture: "same" puts the odd one at the end, as TensorFlow does. */
export function windowPads(
  c: LayerContext,
  value: Value,
  window: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): readonly number[] {
  const padding = c.settings.text("padding", "valid").toLowerCase();
  if (padding === "valid") return [0, 0, 0, 0];
  if (padding !== "same") throw c.settings.wrong("padding", '"valid" or "same"');
  const totals = spatial(c, { value, moved: true }).map((size, i) => {
    const reach = (window[i]! - 1) * dilations[i]! + 1;
    return Math.max((Math.ceil(size / strides[i]!) - 1) * strides[i]! + reach - size, 0);
  });
  return [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))];
}

function weights(c: LayerContext, kernel: string): readonly [Tensor, Tensor | undefined] {
  const found = c.weights(c.settings.boolean("use_bias", true) ? [kernel, "bias"] : [kernel]);
  return [found[0]!, found[1]];
}

function biasOf(c: LayerContext, bias: Tensor | undefined): Value | undefined {
  return bias && c.parameter("bias", () => bias);
}

function depthwise(c: LayerContext, kernel: Tensor, window: readonly number[], x: Held): Tensor {
  const channels = x.value.dims[1];
  const dims = [
    ...window,
    typeof channels === "number" ? channels : undefined,
    c.settings.number("depth_multiplier", 1),
  ];
  const { data } = permuted(shaped(c, "a depthwise kernel", kernel, dims), [2, 3, 0, 1]);
  return { dtype: "float32", dims: [kernel.dims[2]! * kernel.dims[3]!, 1, ...window], data };
}

function conv(
  c: LayerContext,
  x: Value,
  w: Value,
  bias: Value | undefined,
  window: readonly number[],
  group: number,
): Value {
  const strides = c.settings.pair("strides", [1, 1]);
  const dilations = c.settings.pair("dilation_rate", [1, 1]);
  const pads = windowPads(c, x, window, strides, dilations);
  return c.op("Conv", [x, w, bias], { kernel_shape: window, strides, dilations, pads, group });
}

function finish(c: LayerContext, value: Value): Held {
  return activate(c, { value, moved: channelsLast(c) });
}
