import { resolve } from "node:path";
import { nameAndOptions, type PluginSetting } from "./fit-settings.ts";

/** Options of a backbone that are paths. */
const PATHS = ["tokenizer", "topology"] as const;

/** Whether a backbone's name is a model's file: no model of the catalogue has a point in its name. */
export function isModelFile(name: string): boolean {
  return /\.(onnx|keras|h5|hdf5|json)$/i.test(name);
}

/** A backbone's setting with the paths in it made absolute; one by name stays as it is. */
export function placedBackbone(setting: PluginSetting | undefined, cwd: string): PluginSetting | undefined {
  if (setting === undefined) return undefined;
  const { name, options } = nameAndOptions(setting);
  if (!isModelFile(name)) return setting;
  const given = PATHS.filter((option) => typeof options[option] === "string");
  const paths = Object.fromEntries(given.map((option) => [option, resolve(cwd, String(options[option]))]));
  return { ...options, ...paths, name: resolve(cwd, name) };
}
