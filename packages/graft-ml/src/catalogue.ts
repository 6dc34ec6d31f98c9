import { type BackboneOptions, catalogue, backbone as catalogued } from "@graft-ml/backbones/sources";
import {
  type BackboneSource,
  camelCase,
  choiceOption,
  type Factory,
  fail,
  onlyOptions,
  type PlainOptions,
  type Preprocessing,
} from "@graft-ml/core";
import { cacheFolder } from "@graft-ml/data";

/**
 * A pretrained model of the catalogue by name: `backbone("vgg16", { includeTop: false })`. Weights come from an installed package, a
 * local folder, Graft's cache, or the hub.
 */
export function backbone<P extends Preprocessing = Preprocessing>(
  name: string,
  options: Partial<BackboneOptions> = {},
): BackboneSource<P> {
  return catalogued<P>(name, { ...options, cache: options.cache ?? cacheFolder(options.env) });
}

/** The catalogue as plugins take options: plain ones. Keys are ids in camel case. */
export const catalogueBackbones: Readonly<Record<string, Factory<BackboneSource<Preprocessing>>>> = Object.fromEntries(
  [...catalogue.keys()].map((id) => [camelCase(id), (options: PlainOptions = {}) => fromPlain(id, options)]),
);

/** Which of them fit a model, its card says. */
const POOLINGS = ["model", "avg", "max", "mean", "cls", "last", "none"] as const;

function fromPlain(id: string, options: PlainOptions): BackboneSource<Preprocessing> {
  const where = `backbones/${id}`;
  onlyOptions(where, options, ["includeTop", "pooling"]);
  const { includeTop = false } = options;
  if (typeof includeTop !== "boolean")
    throw fail(where, `expected includeTop to be true or false; received ${JSON.stringify(includeTop)}`);
  const pooling = choiceOption(where, options, "pooling", "model", POOLINGS);
  return backbone(id, { includeTop, ...(pooling !== "model" && { pooling }) });
}
