import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { camelCase, kebabCase, pluginNames } from "@graft-ml/core";
import { type Check, listChecks } from "./check.ts";
import { holds } from "./expectations.ts";

/**
 * The checks that a barrel is the registry of a folder: every plugin file is exported, and every plugin is named as its file.
 * A plugin file has a factory of the file's name that needs no argument.
 */
export function checkBarrel(barrel: Readonly<Record<string, unknown>>, folder: string): Check[] {
  return listChecks({
    "every plugin file is exported": async () => {
      const exported = new Set(pluginNames(barrel));
      for (const file of readdirSync(folder)) {
        const name = file.replace(/\.[cm]?[jt]s$/, "");
        if (name === file || name === "index" || name.includes(".") || exported.has(name)) continue;
        const module = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
        const factory = module[camelCase(name)];
        const isPlugin = typeof factory === "function" && factory.length === 0;
        holds(!isPlugin, () => `expected the index to export ${camelCase(name)} of ${file}; it does not`);
      }
    },
    "every plugin is named as its export and its file": () => {
      const files = new Set(readdirSync(folder).map((file) => file.replace(/\.[cm]?[jt]s$/, "")));
      for (const [key, factory] of Object.entries(barrel)) {
        if (typeof factory !== "function") continue;
        const { name } = factory() as { name: string };
        holds(name === kebabCase(key), () => `expected ${key}() to be named "${kebabCase(key)}"; received "${name}"`);
        holds(files.has(name), () => `expected the file ${name}.ts for ${key}; there is none`);
      }
    },
  });
}
