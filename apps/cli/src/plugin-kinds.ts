import { fail, fromBarrel, loadPluginModule } from "@graft-ml/core";
import {
  DEFAULT_NAMES,
  nameAndOptions,
  type OptionKind,
  type PluginKind,
  type PluginModules,
  type PluginSetting,
} from "./settings/fit-settings.ts";
import { isModelFile } from "./settings/model-file.ts";

type Graft = typeof import("graft-ml");

/** Factories by their exported names. */
export type Barrel = Readonly<Record<string, unknown>>;

/** The barrels of every kind, those of others' modules included. */
export type Barrels = Readonly<Record<PluginKind, Barrel>> & {
  /** Makes a backbone of a model's file. */
  readonly backboneFile: Graft["backboneFile"];
};

/** The kinds in the order of listings, and how a list of their plugins is headed. */
export const KIND_TITLES: Readonly<Record<PluginKind, string>> = {
  backbone: "backbones",
  freezing: "freezing",
  head: "heads",
  solver: "solvers",
  optimizer: "optimizers",
  schedule: "schedules",
  sampler: "samplers",
  regularizer: "regularizers",
  mixing: "mixings",
  augment: "augmentations",
};

/** Joins the built-in barrels with the modules that an experiment file names. */
export async function gatherPlugins(graft: Graft, modules: PluginModules = {}): Promise<Barrels> {
  return {
    backbone: await merge({ ...graft.catalogueBackbones, ...graft.backbones }, modules.backbones),
    freezing: await merge(graft.freezingStrategies, modules.freezing),
    head: await merge(graft.heads, modules.heads),
    solver: graft.solvers,
    optimizer: graft.optimizers,
    schedule: graft.schedules,
    sampler: graft.samplers,
    regularizer: graft.regularizers,
    mixing: graft.mixings,
    augment: await merge({ ...graft.augmentations, ...graft.textAugmentations }, modules.augmentations),
    backboneFile: graft.backboneFile,
  };
}

/** Makes the plugin that the settings name, or the kind's default. */
export function makePlugin<T>(
  barrels: Barrels,
  kind: PluginKind,
  setting: PluginSetting = DEFAULT_NAMES[kind as OptionKind],
): T {
  const { name, options } = nameAndOptions(setting);
  if (kind === "backbone" && isModelFile(name)) return barrels.backboneFile(name, options) as T;
  const plugin = fromBarrel<Record<string, unknown>>("cli", kind, barrels[kind], name, options);
  for (const [member, type] of Object.entries(MEMBERS[kind])) {
    const found = typeof plugin?.[member];
    if (found !== type) {
      throw fail("cli/plugins", `expected the ${kind} "${name}" to have ${member}, a ${type}; received ${found}`);
    }
  }
  return plugin as T;
}

/** What a plugin must have before anything long starts; the conformance kit says the rest. */
const MEMBERS: Readonly<Record<PluginKind, Readonly<Record<string, "string" | "function">>>> = {
  backbone: { name: "string", load: "function" },
  freezing: { name: "string", plan: "function" },
  head: {
    name: "string",
    task: "string",
    check: "function",
    build: "function",
    targetInputs: "function",
    encode: "function",
    loss: "function",
    predict: "function",
    decode: "function",
    calibrate: "function",
    evaluate: "function",
  },
  solver: { name: "string", fit: "function" },
  optimizer: { name: "string", scalars: "function", update: "function" },
  schedule: { name: "string", multiple: "function" },
  sampler: { name: "string", draw: "function" },
  regularizer: { name: "string", term: "function" },
  mixing: { name: "string", mix: "function" },
  augment: { name: "string", of: "string" },
};

async function merge(barrel: Barrel, specifiers: readonly string[] = []): Promise<Barrel> {
  const merged = { ...barrel };
  for (const specifier of specifiers) {
    for (const [key, value] of Object.entries(await loadPluginModule(specifier))) {
      if (typeof value !== "function" || key === "default") continue;
      if (Object.hasOwn(merged, key))
        throw fail("cli/plugins", `"${key}" of ${specifier} is taken already. Rename the export`);
      merged[key] = value;
    }
  }
  return merged;
}
