import { resolve } from "node:path";
import { fail, unknownName } from "@graft-ml/core";
import { isAugmentOption, withAugmentOption } from "./augment-settings.ts";
import { checkValue, resolveSchema } from "./check-value.ts";
import { readConfigFile } from "./config-file.ts";
import { defaultBackbone } from "./default-backbone.ts";
import {
  DEFAULT_NAMES,
  FIT_SCHEMA,
  type FitSettings,
  nameAndOptions,
  OPTION_KINDS,
  type OptionKind,
  PLUGIN_KINDS,
  type PluginSetting,
} from "./fit-settings.ts";
import { placedBackbone } from "./model-file.ts";
import { readPlanFile } from "./plan-file.ts";
import { placedTeacher } from "./teacher.ts";

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
  await takePlan(settings, given, cwd);
  for (const assignment of set) {
    if (isAugmentOption(assignment)) {
      settings.augment = withAugmentOption(
        (settings.augment ?? []) as readonly PluginSetting[],
        assignment,
        jsonOrText,
      );
      continue;
    }
    const { kind, option, value } = parseAssignment(assignment);
    const setting = settings[kind] ?? (kind === "teacher" ? undefined : await defaultName(kind, settings));
    if (setting === undefined)
      throw fail(WHERE, `expected --teacher together with --set teacher.${option}; received none. Name a teacher`);
    const { name, options } = nameAndOptions(setting as PluginSetting);
    settings[kind] = { ...options, [option]: value, name };
  }
  if (settings.teacher !== undefined) settings.teacher = placedTeacher(settings.teacher as PluginSetting, cwd);
  if (settings.backbone !== undefined) settings.backbone = placedBackbone(settings.backbone as PluginSetting, cwd);
  return settings as FitSettings;
}

/** A plan's file stands for the freezing strategy; of a file and a flag the flag wins. */
async function takePlan(settings: Record<string, unknown>, flags: Flags, cwd: string): Promise<void> {
  if (flags.freezing !== undefined && flags.plan === undefined) settings.plan = undefined;
  if (flags.plan !== undefined && flags.freezing === undefined) settings.freezing = undefined;
  const { plan, freezing } = settings;
  if (plan === undefined) return;
  if (freezing !== undefined)
    throw fail(
      WHERE,
      `expected a plan or a freezing strategy; received both, ${String(plan)} and ${nameAndOptions(freezing as PluginSetting).name}`,
    );
  settings.freezing = { name: "planned", plan: await readPlanFile(String(plan), cwd) };
}

/** `freezing.groups=2` → kind, option and a value that is JSON where it can be, text where not. */
export function parseAssignment(text: string): { kind: OptionKind | "teacher"; option: string; value: unknown } {
  const match = /^([a-z]+)\.([A-Za-z][\w-]*)=(.*)$/s.exec(text);
  if (!match)
    throw fail(
      WHERE,
      `expected --set kind.option=value, for instance --set freezing.groups=2; received ${JSON.stringify(text)}`,
    );
  const [, kind = "", option = "", value = ""] = match;
  if (kind !== "teacher" && !OPTION_KINDS.some((known) => known === kind))
    throw unknownName(WHERE, "kind in --set", kind, [...PLUGIN_KINDS, "teacher"]);
  if (option === "name")
    throw fail(WHERE, `expected an option after "${kind}."; received name. Choose the plugin with --${kind} ${value}`);
  return { kind: kind as OptionKind | "teacher", option, value: jsonOrText(value) };
}

async function defaultName(kind: OptionKind, { data }: FitSettings): Promise<string> {
  return kind === "backbone" ? defaultBackbone(data) : DEFAULT_NAMES[kind];
}

function flagValue(name: string, text: unknown): unknown {
  const types = [resolveSchema(FIT_SCHEMA.properties![name] ?? {}, FIT_SCHEMA).type ?? []].flat();
  // A list of names; what may be one text as well is collected from several flags.
  if (types.join() === "array" && typeof text === "string") return text.split(",").map((name) => name.trim());
  if (types.includes("object") && typeof text === "string" && text.startsWith("{")) return jsonOrText(text);
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
