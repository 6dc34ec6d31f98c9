import type { PlainOptions } from "@graft-ml/core";
import schema from "../../schema/graft.config.schema.json" with { type: "json" };
import type { Schema } from "./check-value.ts";

/** A plugin's name, or the name together with its options. */
export type PluginSetting = string | ({ readonly name: string } & PlainOptions);

/** Modules of others, by kind. */
export type PluginModules = Readonly<
  Partial<Record<"backbones" | "freezing" | "heads" | "augmentations", readonly string[]>>
>;

/** What `graft fit` can be told, by flags or by an experiment file. */
export interface FitSettings {
  readonly data?: string;
  readonly textColumn?: string | readonly string[];
  readonly labelColumn?: string;
  /** False where a table's first row is a sample. */
  readonly header?: boolean;
  /** How a table is encoded, as the WHATWG's Encoding Standard calls it. */
  readonly encoding?: string;
  readonly backbone?: PluginSetting;
  readonly freezing?: PluginSetting;
  /** File of a freezing plan; `freezing` then is `planned`, with what the file says. */
  readonly plan?: string;
  readonly head?: PluginSetting;
  readonly solver?: PluginSetting;
  readonly optimizer?: PluginSetting;
  readonly schedule?: PluginSetting;
  readonly sampler?: PluginSetting;
  readonly regularizer?: PluginSetting;
  /** A bundle or a backbone to learn from, with `strength` and `temperature`. */
  readonly teacher?: PluginSetting;
  /** Augmentations of the training samples, in their order. */
  readonly augment?: readonly PluginSetting[];
  readonly views?: number;
  readonly mixing?: PluginSetting;
  readonly epochs?: number;
  readonly lr?: number;
  readonly batch?: number;
  readonly accumulate?: number;
  readonly ema?: number;
  readonly classWeights?: string | Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly test?: number;
  readonly out?: string;
  readonly engine?: "auto" | "onnxruntime" | "tfjs-node" | "tfjs-wasm";
  readonly strict?: boolean;
  readonly cache?: boolean;
  readonly force?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly plugins?: PluginModules;
}

/** The published schema of the experiment file: the one definition that file and flags are checked against. */
export const FIT_SCHEMA: Schema = schema;

/** The kinds whose plugins take options by `--set kind.option=value`. */
export const OPTION_KINDS = [
  "backbone",
  "freezing",
  "head",
  "solver",
  "optimizer",
  "schedule",
  "sampler",
  "regularizer",
  "mixing",
] as const;

/** One of the kinds whose plugins take options. */
export type OptionKind = (typeof OPTION_KINDS)[number];

/** One of the kinds that are listed: those, and the kind of which a run takes several. */
export type PluginKind = OptionKind | "augment";

/** The kinds that are listed. */
export const PLUGIN_KINDS: readonly PluginKind[] = [...OPTION_KINDS, "augment"];

/** What a plugin is called where nobody names one. */
export const DEFAULT_NAMES: Readonly<Record<OptionKind, string>> = {
  backbone: "efficientnet-lite0",
  freezing: "frozen",
  head: "linear",
  solver: "logistic",
  optimizer: "adamw",
  schedule: "one-cycle",
  sampler: "shuffled",
  regularizer: "l2-sp",
  mixing: "mixup",
};

/** Splits a plugin's setting into name and options. */
export function nameAndOptions(setting: PluginSetting): { name: string; options: PlainOptions } {
  if (typeof setting === "string") return { name: setting, options: {} };
  const { name, ...options } = setting;
  return { name, options };
}
