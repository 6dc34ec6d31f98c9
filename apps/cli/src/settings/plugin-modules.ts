import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { PluginModules } from "./fit-settings.ts";

/** Makes the plugin modules that an experiment file names importable from anywhere: they are found from that file. */
export function resolveModules(plugins: PluginModules, configFile: string): PluginModules {
  const entries = Object.entries(plugins).map(([kind, specifiers]) => [
    kind,
    specifiers.map((specifier) => resolveModule(specifier, configFile)),
  ]);
  return Object.fromEntries(entries) as PluginModules;
}

function resolveModule(specifier: string, configFile: string): string {
  if (/^\.{0,2}\//.test(specifier)) return pathToFileURL(resolve(dirname(configFile), specifier)).href;
  try {
    return pathToFileURL(createRequire(configFile).resolve(specifier)).href;
  } catch {
    // Packages that only `import` may see; the import tells what is missing.
    return specifier;
  }
}
