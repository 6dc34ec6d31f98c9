import { fail, unknownName } from "./errors.ts";
import type { PlainOptions } from "./options.ts";

/** A plugin's factory: options in, plugin out. */
export type Factory<T> = (options?: PlainOptions) => T;

/** Finds a factory in a barrel's namespace by its kebab-case name and calls it; the barrel is the registry. */
export function fromBarrel<T>(
  where: string,
  kind: string,
  barrel: Readonly<Record<string, unknown>>,
  name: string,
  options: PlainOptions = {},
): T {
  const key = camelCase(name);
  const factory = Object.hasOwn(barrel, key) ? barrel[key] : undefined;
  if (typeof factory !== "function") throw unknownName(where, kind, name, pluginNames(barrel));
  return (factory as Factory<T>)(options);
}

/** The kebab-case names of a barrel's factories, in alphabetical order. */
export function pluginNames(barrel: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(barrel)
    .filter((key) => typeof barrel[key] === "function")
    .map(kebabCase)
    .sort();
}

/** Loads a third party's plugin module and checks that it exports factories. */
export async function loadPluginModule(specifier: string): Promise<Readonly<Record<string, unknown>>> {
  let module: Record<string, unknown>;
  try {
    module = (await import(specifier)) as Record<string, unknown>;
  } catch (cause) {
    throw fail(
      "core/plugins",
      `cannot load plugin ${JSON.stringify(specifier)}: ${(cause as Error).message}. Install it, or mend its path`,
      { cause },
    );
  }
  if (pluginNames(module).length === 0) {
    throw fail(
      "core/plugins",
      `plugin ${JSON.stringify(specifier)} exports no factory function. Export one function a plugin`,
    );
  }
  return module;
}

/** `freezeTo` → `freeze-to`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `freeze-to` → `freezeTo`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
