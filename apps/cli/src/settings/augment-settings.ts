import { fail, type PlainOptions } from "@graft-ml/core";
import { nameAndOptions, type PluginSetting } from "./fit-settings.ts";

const WHERE = "cli/fit";

/** Whether `--set` speaks of an augmentation: `augment.rand-augment.m=5`. */
export function isAugmentOption(assignment: string): boolean {
  return /^augment\./.test(assignment);
}

/** The augmentations with one option of one of them set; each of them was named before, which says their order. */
export function withAugmentOption(
  augment: readonly PluginSetting[],
  assignment: string,
  read: (text: string) => unknown,
): readonly PluginSetting[] {
  const match = /^augment\.([a-z][a-z0-9-]*)\.([A-Za-z][\w-]*)=(.*)$/s.exec(assignment);
  if (!match || match[2] === "name") {
    throw fail(
      WHERE,
      `expected --set augment.name.option=value, for instance --set augment.rand-augment.m=5; received ${JSON.stringify(assignment)}`,
    );
  }
  const [, name = "", option = "", value = ""] = match;
  if (!augment.some((setting) => nameAndOptions(setting).name === name)) {
    const named = augment.map((setting) => nameAndOptions(setting).name).join(", ") || "none";
    throw fail(WHERE, `expected "${name}" among the augmentations; received ${named}. Name it with --augment`);
  }
  return augment.map((setting) => {
    const { name: own, options } = nameAndOptions(setting);
    const set: PlainOptions = { [option]: read(value) };
    return own === name ? { ...options, ...set, name: own } : setting;
  });
}
