import { type DType, fail } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import type { Held } from "./layer.ts";
import { isJson } from "./settings.ts";
import type { LayerConfig } from "./topology.ts";

/** Height and width of pictures where the model leaves them open. */
export type InputSize = readonly [number, number] | undefined;

/** Declares an input of the graph; pictures come in as `[batch, channels, height, width]`. */
export function declareInput(g: OpenGraph, layer: LayerConfig, size: InputSize, channelsLast: boolean): Held {
  const { config, name } = layer;
  const where = `input "${name}"`;
  const shape = config.batch_shape ?? config.batch_input_shape;
  if (layer.className !== "InputLayer" || !Array.isArray(shape) || shape.length < 2) {
    throw fail(
      "backbones/keras",
      `${where}: the model does not say what it takes; build it with an Input layer and save it again`,
    );
  }
  const dims = shape.slice(1).map((dim: unknown, i) => {
    const spatial = shape.length === 4 ? i - (channelsLast ? 0 : 1) : -1;
    if (typeof dim === "number" && Number.isSafeInteger(dim) && dim > 0) return dim;
    if (dim !== null) throw fail("backbones/keras", `${where}: cannot read its shape [${shape.join(", ")}]`);
    if (spatial !== 0 && spatial !== 1) return shape.length === 4 ? undefined : `${name}.${i + 1}`;
    if (size === undefined) {
      throw fail("backbones/keras", `${where} leaves the size of pictures open; pass { size: ... } in pixels`);
    }
    return size[spatial];
  });
  if (dims.includes(undefined)) throw fail("backbones/keras", `${where}: the number of channels must be known`);
  const [a, b, c] = dims as (number | string)[];
  if (dims.length === 3) {
    const order = channelsLast ? [c!, a!, b!] : [a!, b!, c!];
    return { value: g.input(name, "float32", ["batch", ...order]), moved: channelsLast };
  }
  return {
    value: g.input(name, inputType(where, config.dtype), ["batch", ...(dims as (number | string)[])]),
    moved: false,
  };
}

/** Floats of every width are float32 in the graph; token ids stay whole. */
function inputType(where: string, dtype: unknown): DType {
  const inner = isJson(dtype) && isJson(dtype.config) ? dtype.config.name : dtype;
  const name = inner ?? "float32";
  if (name === "int32" || name === "int64") return "int64";
  if (typeof name === "string" && /float/.test(name)) return "float32";
  throw fail(
    "backbones/keras",
    `${where} takes ${JSON.stringify(name)}, which is not supported; expected floats, int32 or int64`,
  );
}
