import { fail, fromBarrel, loadPluginModule } from "@graft-ml/core";
import {
  DEFAULT_NAMES,
  nameAndOptions,
  type OptionKind,
  type PluginModules,
  type PluginSetting,
} from "./settings/fit-settings.ts";

type Graft = typeof import("graft-ml");

/** Factories by their exported names. */
export type Barrel = Readonly<Record<string, unknown>>;

/** The barrels of every kind, those of others' modules included. */
export type Barrels = Readonly<Record<OptionKind, Barrel>>;

/** The kinds in the order of listings, and how a list of their plugins is headed. */
export const KIND_TITLES: Readonly<Record<OptionKind, string>> = {
  backbone: "backbones",
  freezing: "freezing",
  head: "heads",
  solver: "solvers",
  optimizer: "optimizers",
};

/** Joins the built-in barrels with the modules that an experiment file names. */
export async function gatherPlugins(graft: Graft, modules: PluginModules = {}): Promise<Barrels> {
  return {
    backbone: await merge(graft.backbones, modules.backbones),
    freezing: await merge(graft.freezingStrategies, modules.freezing),
    head: await merge(graft.heads, modules.heads),
    solver: graft.solvers,
    optimizer: graft.optimizers,
  };
}

/** Makes the plugin that the settings name, or the kind's default. */
export function makePlugin<T>(barrels: Barrels, kind: OptionKind, setting: PluginSetting = DEFAULT_NAMES[kind]): T {
  const { name, options } = nameAndOptions(setting);
  return fromBarrel<T>("cli", kind, barrels[kind], name, options);
}

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
