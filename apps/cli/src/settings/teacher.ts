import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { nameAndOptions, type PluginSetting } from "./fit-settings.ts";
import { placedBackbone } from "./model-file.ts";

/** Whether a teacher is a bundle: a folder with a manifest. Everything else is the name or the file of a backbone. */
export function isBundle(folder: string): boolean {
  return existsSync(join(folder, "graft.json"));
}

/** A teacher's setting with its path made absolute; a backbone by name stays as it is. */
export function placedTeacher(setting: PluginSetting, cwd: string): PluginSetting {
  const { name, options } = nameAndOptions(setting);
  const folder = resolve(cwd, name);
  return isBundle(folder) ? { ...options, name: folder } : placedBackbone(setting, cwd)!;
}
