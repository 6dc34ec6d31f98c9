import { float32, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import { type Held, type LayerContext, like, moved, only, permuted, physicalAxis, plain, shaped } from "../layer.ts";

/** `BatchNormalization` with the statistics of training. */
export function batchNormalization(c: LayerContext): Held {
  if (c.settings.boolean("renorm", false)) throw c.fail("renorm is not supported; save the model without it");
  const x = only(c).flattened === undefined ? only(c) : plain(c, only(c));
  const axis = physicalAxis(c, x, lastAxis(c));
  const rank = x.value.dims.length;
  const front = axis === 1 ? x.value : c.op("Transpose", [x.value], { perm: swapped(rank, axis) });
  const scale = c.settings.boolean("scale", true);
  const center = c.settings.boolean("center", true);
  const roles = [...(scale ? ["gamma"] : []), ...(center ? ["beta"] : []), "moving_mean", "moving_variance"];
  const found = new Map(c.weights(roles).map((tensor, i) => [roles[i]!, tensor]));
  const channels = typeof x.value.dims[axis] === "number" ? x.value.dims[axis] : undefined;
  const size = found.get("moving_mean")!.dims[0] ?? 0;
  const part = (role: string, otherwise: number): Value =>
    c.parameter(role, () => {
      const tensor = found.get(role);
      return tensor === undefined
        ? float32([size], new Float32Array(size).fill(otherwise))
        : shaped(c, role, tensor, [channels ?? size]);
    });
  const operands = [part("gamma", 1), part("beta", 0), part("moving_mean", 0), part("moving_variance", 1)];
  const y = c.op("BatchNormalization", [front, ...operands], {
    epsilon: { float: c.settings.number("epsilon", 1e-3) },
  });
  return like(x, axis === 1 ? y : c.op("Transpose", [y], { perm: swapped(rank, axis) }));
}

/** `LayerNormalization` over the last axes. */
export function layerNormalization(c: LayerContext): Held {
  if (c.settings.boolean("rms_scaling", false)) throw c.fail("rms_scaling is not supported; save the model without it");
  const given = only(c);
  const x = plain(c, given);
  const rank = x.value.dims.length;
  const raw = c.settings.raw("axis") ?? -1;
  const axes = (Array.isArray(raw) ? raw : [raw])
    .map((axis) => physicalAxis(c, x, axis as number))
    .sort((a, b) => a - b);
  if (!axes.every((axis, i) => axis === rank - axes.length + i) || axes.length === 0) {
    throw c.settings.wrong("axis", "the last axis or axes");
  }
  const scale = c.settings.boolean("scale", true);
  const center = c.settings.boolean("center", true);
  const roles = [...(scale ? ["gamma"] : []), ...(center ? ["beta"] : [])];
  const found = new Map(c.weights(roles).map((tensor, i) => [roles[i]!, tensor]));
  const dims = axes.map((axis) => {
    const size = x.value.dims[axis];
    if (typeof size !== "number") throw c.fail(`needs a known size of axis ${axis}`);
    return size;
  });
  const part = (role: string, otherwise: number): Value =>
    c.parameter(role, () => {
      const tensor = found.get(role);
      return tensor === undefined
        ? float32(dims, new Float32Array(sizeOf(dims)).fill(otherwise))
        : shaped(c, role, tensor, dims);
    });
  const attributes = { axis: axes[0]!, epsilon: { float: c.settings.number("epsilon", 1e-3) } };
  const y: Held = {
    value: c.op("LayerNormalization", [x.value, part("gamma", 1), center ? part("beta", 0) : undefined], attributes),
    moved: false,
  };
  return given.moved ? moved(c, y) : y;
}

/** `Normalization`: mean and variance of the data, learned by `adapt` or given. */
export function normalization(c: LayerContext): Held {
  if (c.settings.boolean("invert", false)) throw c.fail("invert is not supported; save the model without it");
  const x = only(c).flattened === undefined ? only(c) : plain(c, only(c));
  const given = c.settings.raw("mean") !== undefined;
  const [mean, variance] = given ? [numbers(c, "mean"), numbers(c, "variance")] : c.weights(["mean", "variance"]);
  const size = sizeOf(mean!.dims);
  if (size !== 1 && physicalAxis(c, x, lastAxis(c)) !== physicalAxis(c, x, -1)) {
    throw c.settings.wrong("axis", "the last axis");
  }
  if (sizeOf(variance!.dims) !== size) throw c.fail("mean and variance differ in size");
  const deviation = Float32Array.from(variance!.data as Float32Array, (v) => Math.max(Math.sqrt(v), 1e-7));
  const middle = alongLast(c, x, "mean", mean!.data as Float32Array);
  const spread = alongLast(c, x, "deviation", deviation);
  return like(x, c.op("Div", [c.op("Sub", [x.value, middle]), spread]));
}

/** `Rescaling`: times a scale, plus an offset; each one number, or one a channel. */
export function rescaling(c: LayerContext): Held {
  const x = only(c).flattened === undefined ? only(c) : plain(c, only(c));
  const scale = alongLast(c, x, "scale", numbers(c, "scale").data as Float32Array);
  const offset = c.settings.raw("offset") === undefined ? float32([1], [0]) : numbers(c, "offset");
  const scaled = c.op("Mul", [x.value, scale]);
  if ((offset.data as Float32Array).every((value) => value === 0)) return like(x, scaled);
  return like(x, c.op("Add", [scaled, alongLast(c, x, "offset", offset.data as Float32Array)]));
}

/** `PReLU`: one slope an element, or shared along axes. */
export function pRelu(c: LayerContext): Held {
  const x = only(c).flattened === undefined ? only(c) : plain(c, only(c));
  const [alpha] = c.weights(["alpha"]);
  const fits = alpha!.dims.length === x.value.dims.length - 1;
  if (!fits)
    throw c.fail(`expected slopes of ${x.value.dims.length - 1} axes; the file has [${alpha!.dims.join(", ")}]`);
  const slope = c.parameter("alpha", () => (x.moved ? permuted(alpha!, [2, 0, 1]) : alpha!), `${x.moved}`);
  return like(x, c.op("PRelu", [x.value, slope]));
}

/** The one axis that a layer normalises, which files write as a number or as a list of one. */
function lastAxis(c: LayerContext): number {
  const raw = c.settings.raw("axis") ?? -1;
  const axis = Array.isArray(raw) && raw.length === 1 ? raw[0] : raw;
  if (typeof axis !== "number") throw c.settings.wrong("axis", "one axis");
  return axis;
}

function swapped(rank: number, axis: number): number[] {
  return Array.from({ length: rank }, (_, i) => (i === 1 ? axis : i === axis ? 1 : i));
}

/** Numbers from the configuration itself, however deep their lists nest. */
function numbers(c: LayerContext, key: string): Tensor {
  const raw = c.settings.raw(key);
  const list = (Array.isArray(raw) ? raw.flat(8) : [raw]) as unknown[];
  if (list.length === 0 || !list.every((value) => typeof value === "number" && Number.isFinite(value))) {
    throw c.settings.wrong(key, "a number or a list of numbers");
  }
  return float32([list.length], list as number[]);
}

/** One number for all, or one for each index of what Keras means by the last axis. */
function alongLast(c: LayerContext, x: Held, role: string, data: Float32Array): Value {
  if (data.length === 1) return c.g.scalar(data[0]!);
  const axis = physicalAxis(c, x, -1);
  const size = x.value.dims[axis];
  if (typeof size === "number" && size !== data.length) {
    throw c.fail(`expected ${role} of ${size} numbers; received ${data.length}`);
  }
  const dims = [data.length, ...new Array<number>(x.value.dims.length - 1 - axis).fill(1)];
  return c.parameter(role, () => float32(dims, data), dims.join());
}
