import type { Value } from "@graft-ml/core";
import { reduceMax, reduceMean } from "@graft-ml/graph";
import { channelsLast, type Held, type LayerContext, like, only, picture, plain } from "../layer.ts";
import { windowPads } from "./convolutions.ts";

/** `MaxPooling2D`. */
export function maxPooling2d(c: LayerContext): Held {
  return pool(c, "MaxPool");
}

/** `AveragePooling2D`: padding does not count. */
export function averagePooling2d(c: LayerContext): Held {
  return pool(c, "AveragePool");
}

/** `GlobalAveragePooling2D`. */
export function globalAveragePooling2d(c: LayerContext): Held {
  return globalPool(c, "GlobalAveragePool");
}

/** `GlobalMaxPooling2D`. */
export function globalMaxPooling2d(c: LayerContext): Held {
  return globalPool(c, "GlobalMaxPool");
}

/** `GlobalAveragePooling1D` over `[batch, steps, features]`. */
export function globalAveragePooling1d(c: LayerContext): Held {
  return { value: reduceMean(c.g, sequence(c).value, [1], c.settings.boolean("keepdims", false)), moved: false };
}

/** `GlobalMaxPooling1D` over `[batch, steps, features]`. */
export function globalMaxPooling1d(c: LayerContext): Held {
  return { value: reduceMax(c.g, sequence(c).value, [1], c.settings.boolean("keepdims", false)), moved: false };
}

function pool(c: LayerContext, op: string): Held {
  const x = picture(c);
  const window = c.settings.pair("pool_size", [2, 2]);
  const strides = c.settings.raw("strides") === undefined ? window : c.settings.pair("strides");
  const pads = windowPads(c, x.value, window, strides, [1, 1]);
  return like(x, c.op(op, [unfused(c, x)], { kernel_shape: window, strides, pads }));
}

/** The least float32 that processors do not take for zero. */
const ALMOST_ZERO = 2 ** -126;

/**
 * ONNX Runtime 1.30 joins padding with zeros and a pooling behind it as if the pooling padded, whose padding never wins and never
 * counts; it leaves alone what is padded with another number.
 */
function unfused(c: LayerContext, { value, padded }: Held): Value {
  if (padded === undefined) return value;
  return c.op("Pad", [padded.from, padded.pads, c.g.scalar(ALMOST_ZERO)], { mode: "constant" });
}

function globalPool(c: LayerContext, op: string): Held {
  const x = picture(c);
  const pooled = c.op(op, [x.value]);
  if (c.settings.boolean("keepdims", false)) return { value: pooled, moved: channelsLast(c) };
  return { value: c.op("Flatten", [pooled], { axis: 1 }), moved: false };
}

function sequence(c: LayerContext): Held {
  const x = plain(c, only(c));
  if (!channelsLast(c)) throw c.settings.wrong("data_format", '"channels_last"');
  if (x.value.dims.length !== 3)
    throw c.fail(`expected [batch, steps, features]; received [${x.value.dims.join(", ")}]`);
  return x;
}
