import { resolve } from "node:path";
import { fail, unknownName } from "@graft-ml/core";
import { checkValue, resolveSchema } from "./check-value.ts";
import { readConfigFile } from "./config-file.ts";
import {
  DEFAULT_NAMES,
  FIT_SCHEMA,
  type FitSettings,
  nameAndOptions,
  OPTION_KINDS,
  type OptionKind,
  type PluginSetting,
} from "./fit-settings.ts";

const WHERE = "cli/fit";

/** Flags as commander gives them: text, or true and false. */
export type Flags = Readonly<Record<string, unknown>>;

/** Experiment file, then flags, then `--set`: the later wins. */
export async function readSettings(flags: Flags, cwd: string): Promise<FitSettings> {
  const { config, set = [], ...given } = flags as { config?: string; set?: readonly string[] } & Flags;
  const settings: Record<string, unknown> = config === undefined ? {} : { ...(await readConfigFile(config, cwd)) };
  for (const [name, text] of Object.entries(given)) {
    const value = flagValue(name, text);
    checkValue(WHERE, name === "data" ? "<data>" : `--${name}`, value, FIT_SCHEMA.properties![name]!, FIT_SCHEMA);
    settings[name] = value;
  }
  if (typeof settings.data === "string") settings.data = resolve(cwd, settings.data);
  for (const assignment of set) {
    const { kind, option, value } = parseAssignment(assignment);
    const { name, options } = nameAndOptions((settings[kind] ?? DEFAULT_NAMES[kind]) as PluginSetting);
    settings[kind] = { ...options, [option]: value, name };
  }
  return settings as FitSettings;
}

/** `freezing.groups=2` → kind, option and a value that is JSON where it can be, text where not. */
export function parseAssignment(text: string): { kind: OptionKind; option: string; value: unknown } {
  const match = /^([a-z]+)\.([A-Za-z][\w-]*)=(.*)$/s.exec(text);
  if (!match)
    throw fail(
      WHERE,
      `expected --set kind.option=value, for instance --set freezing.groups=2; received ${JSON.stringify(text)}`,
    );
  const [, kind = "", option = "", value = ""] = match;
  if (!OPTION_KINDS.some((known) => known === kind)) throw unknownName(WHERE, "kind in --set", kind, OPTION_KINDS);
  if (option === "name")
    throw fail(WHERE, `expected an option after "${kind}."; received name. Choose the plugin with --${kind} ${value}`);
  return { kind: kind as OptionKind, option, value: jsonOrText(value) };
}

function flagValue(name: string, text: unknown): unknown {
  const types = [resolveSchema(FIT_SCHEMA.properties![name] ?? {}, FIT_SCHEMA).type ?? []].flat();
  const numeric = types.includes("number") || types.includes("integer");
  // Text that is no number is shown as it is by the check.
  return numeric && typeof text === "string" && text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
