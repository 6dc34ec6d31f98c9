import { type GraftError, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import type { Settings } from "./settings.ts";

/** A value under translation, and how its axes lie. */
export interface Held {
  readonly value: Value;
  /** Keras means `[batch, height, width, channels]`; the graph holds `[batch, channels, height, width]`. */
  readonly moved: boolean;
  /** Of a picture that was flattened channels first where Keras flattens channels last: its channels, height, width. */
  readonly flattened?: readonly [number, number, number];
  /** Of a picture that was padded with zeros: what it was before, and the pads. */
  readonly padded?: { readonly from: Value; readonly pads: Value };
}

/** What a layer's translation may see and do. */
export interface LayerContext {
  readonly g: OpenGraph;
  readonly settings: Settings;
  readonly inputs: readonly Held[];
  readonly className: string;
  /** Whether the file was written by Keras 2 or TensorFlow.js, where a few defaults were others. */
  readonly legacy: boolean;
  /** The weights in the order in which Keras makes them. */
  weights(roles: readonly string[]): readonly Tensor[];
  /** An initializer named after the layer; one and the same at every call of a shared layer that wants the same `form` of it. */
  parameter(role: string, tensor: () => Tensor, form?: string): Value;
  /** Adds a node named after the layer. */
  op(op: string, inputs: readonly (Value | undefined)[], attributes?: Readonly<Record<string, Literal>>): Value;
  /** The error for what cannot be translated: what is wrong and how to mend it. */
  fail(message: string): GraftError;
}

/** An attribute of a node: whole numbers are `int`, `{ float }` is a float. */
export type Literal = number | string | readonly number[] | { readonly float: number };

/** Translates one call of a layer. */
export type Translate = (c: LayerContext) => Held;

/** The layer's only input. */
export function only(c: LayerContext): Held {
  if (c.inputs.length !== 1) throw c.fail(`expected one input; received ${c.inputs.length}`);
  return c.inputs[0]!;
}

/** A value with the axes as Keras means them. */
export function plain(c: LayerContext, held: Held): Held {
  const { value, moved, flattened } = held;
  if (moved) return { value: c.op("Transpose", [value], { perm: [0, 2, 3, 1] }), moved: false };
  if (flattened === undefined) return held;
  const picture = c.op("Reshape", [value, c.g.ints([0, ...flattened])]);
  const turned = c.op("Transpose", [picture], { perm: [0, 2, 3, 1] });
  return { value: c.op("Reshape", [turned, c.g.ints([0, sizeOf(flattened)])]), moved: false };
}

/** A picture as `[batch, channels, height, width]`, whatever Keras means by its axes. */
export function picture(c: LayerContext): Held {
  const held = only(c);
  const last = channelsLast(c);
  if (held.value.dims.length !== 4) {
    throw c.fail(`expected a picture of four axes; received [${held.value.dims.join(", ")}]`);
  }
  if (held.moved === last) return held;
  return last ? moved(c, held) : plain(c, held);
}

/** A plain value of four axes with the channels moved to the front. */
export function moved(c: LayerContext, held: Held): Held {
  return held.moved ? held : { value: c.op("Transpose", [held.value], { perm: [0, 3, 1, 2] }), moved: true };
}

/** Whether the layer's `data_format` is Keras's default. */
export function channelsLast(c: LayerContext): boolean {
  const format = c.settings.text("data_format", "channels_last");
  if (format !== "channels_last" && format !== "channels_first") {
    throw c.settings.wrong("data_format", '"channels_last" or "channels_first"');
  }
  return format === "channels_last";
}

/** The graph's axis of one that Keras means. */
export function physicalAxis(c: LayerContext, held: Held, axis: number): number {
  const rank = held.value.dims.length;
  const from = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || from < 0 || from >= rank) {
    throw c.fail(`expected an axis of [${held.value.dims.join(", ")}]; received ${axis}`);
  }
  return held.moved ? [0, 2, 3, 1][from]! : from;
}

/** Height and width of a picture, which must be known. */
export function spatial(c: LayerContext, held: Held): readonly [number, number] {
  const [height, width] = held.value.dims.slice(2);
  if (typeof height !== "number" || typeof width !== "number") {
    throw c.fail("needs pictures of a known size; pass { size: ... }");
  }
  return [height, width];
}

/** Dimensions after the batch, which must be known. */
export function known(c: LayerContext, held: Held): readonly number[] {
  const dims = held.value.dims.slice(1);
  if (dims.some((dim) => typeof dim !== "number")) {
    throw c.fail(`needs known dimensions after the batch; received [${held.value.dims.join(", ")}]`);
  }
  return dims as number[];
}

/** A new value with the axes of the old one. */
export function like(held: Held, value: Value): Held {
  const { moved, flattened } = held;
  return flattened === undefined ? { value, moved } : { value, moved, flattened };
}

/** A tensor with its axes in another order. */
export function permuted(tensor: Tensor, order: readonly number[]): Tensor {
  const dims = order.map((axis) => tensor.dims[axis]!);
  const strides = tensor.dims.map((_, axis) => sizeOf(tensor.dims.slice(axis + 1)));
  const steps = order.map((axis) => strides[axis]!);
  const from = tensor.data as Float32Array;
  const data = new Float32Array(from.length);
  const at = new Array<number>(dims.length).fill(0);
  let source = 0;
  for (let i = 0; i < data.length; i++) {
    data[i] = from[source]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++at[axis]! < dims[axis]!) break;
      source -= steps[axis]! * dims[axis]!;
      at[axis] = 0;
    }
  }
  return { dtype: "float32", dims, data };
}

/** Weights after a check of their shape, so that a wrong file is named before the graph is. */
export function shaped(c: LayerContext, role: string, tensor: Tensor, dims: readonly (number | undefined)[]): Tensor {
  const fits =
    tensor.dims.length === dims.length && dims.every((dim, i) => dim === undefined || dim === tensor.dims[i]);
  if (fits) return tensor;
  throw c.fail(
    `expected ${role} of [${dims.map((dim) => dim ?? "?").join(", ")}]; the file has [${tensor.dims.join(", ")}]`,
  );
}
