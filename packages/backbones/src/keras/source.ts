import { fail, float32, sizeOf, type Tensor, type TensorData } from "@graft-ml/core";
import type { Json } from "./settings.ts";

/** Where a layer stands in its model, in every way in which a file may name it. */
export interface LayerSite {
  /** Names from the outermost model's layer down to the layer itself. */
  readonly path: readonly string[];
  /** The layer's group in a `.keras` archive's weights: class names, counted. */
  readonly group: string;
  /** The layer in errors: `layer "conv1" (Conv2D)`. */
  readonly where: string;
}

/** A layer's weights by their roles, in the order in which Keras makes them; `a|b` allows either name. */
export type FindWeights = (site: LayerSite, roles: readonly string[]) => readonly Tensor[];

/** A model's configuration and its weights, whatever file they came from. */
export interface KerasSource {
  /** `{ class_name, config }` of the outermost model. */
  readonly topology: Json;
  readonly version: string;
  readonly weights: FindWeights;
  /** Frees what reading holds. */
  close(): void;
}

/**
 * Looks weights up by names that end in `layer/role`. With `grouped` a top-level layer's names start with its own name, and then its
 * roles are enough: a reloaded Keras 2 model counts its weights' names on.
 */
export function byName(names: readonly string[], read: (name: string) => Tensor, grouped = false): FindWeights {
  const entries = names.map((name) => ({ name, bare: `/${name.replace(/:\d+$/, "")}` }));
  return ({ path, where }, roles) => {
    const own = grouped ? entries.filter((entry) => entry.name.startsWith(`${path[0]}/`)) : entries;
    return roles.map((role) => {
      const wanted = role.split("|");
      const ending = (...layer: readonly string[]) =>
        own.filter(({ bare }) => wanted.some((name) => bare.endsWith(`/${[...layer, name].join("/")}`)));
      const found = grouped && path.length === 1 ? ending() : ending(path.at(-1)!);
      const [chosen, ...others] = found.length > 1 ? ending(...path) : found;
      if (chosen === undefined || others.length > 0) {
        const have = own.length > 12 ? `${own.length} weights` : own.map((entry) => `"${entry.name}"`).join(", ");
        throw fail(
          "backbones/keras",
          `${where}: expected one weight "${path.at(-1)}/${wanted[0]}"; the file has ${have || "none for this layer"}. Save the model again with its weights`,
        );
      }
      return read(chosen.name);
    });
  };
}

/** Numbers of any type as a float32 tensor. */
export function asFloat32(dims: readonly number[], data: TensorData | readonly number[]): Tensor {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return float32(
      dims,
      Float32Array.from({ length: sizeOf(dims) }, (_, i) => Number(data[i])),
    );
  }
  return float32(dims, data as ArrayLike<number>);
}
