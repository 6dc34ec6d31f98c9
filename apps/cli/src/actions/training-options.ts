import { type BackboneSource, numberOption, onlyOptions, type Preprocessing } from "@graft-ml/core";
import type { Distillation, TransferOptions } from "graft-ml";
import { type Barrels, makePlugin } from "../plugin-kinds.ts";
import { type FitSettings, nameAndOptions, type PluginSetting } from "../settings/fit-settings.ts";
import { isBundle } from "../settings/teacher.ts";

/** What the settings say of iterative training, as the library takes it. */
export function trainingOptions(plugins: Barrels, settings: FitSettings): Partial<TransferOptions> {
  const { teacher } = settings;
  const { schedule, sampler, regularizer, accumulate, ema, classWeights } = settings;
  const made = <T>(kind: "schedule" | "sampler" | "regularizer", setting: NonNullable<typeof schedule>): T =>
    makePlugin<T>(plugins, kind, setting);
  return {
    ...(schedule !== undefined && { schedule: made<NonNullable<TransferOptions["schedule"]>>("schedule", schedule) }),
    ...(sampler !== undefined && { sampler: made<NonNullable<TransferOptions["sampler"]>>("sampler", sampler) }),
    ...(regularizer !== undefined && {
      regularizers: [made<NonNullable<TransferOptions["regularizers"]>[number]>("regularizer", regularizer)],
    }),
    ...(teacher !== undefined && { distill: distillation(plugins, teacher) }),
    ...(accumulate !== undefined && { accumulate }),
    ...(ema !== undefined && { ema }),
    ...(classWeights !== undefined && {
      classWeights: classWeights as NonNullable<TransferOptions["classWeights"]>,
    }),
  };
}

/** A bundle by its folder; else a backbone, whose own options go beside what the teacher counts. */
function distillation(plugins: Barrels, setting: PluginSetting): Distillation {
  const { name, options } = nameAndOptions(setting);
  const { strength: _, temperature: __, ...rest } = options;
  if (isBundle(name)) onlyOptions("cli/teacher", options, ["strength", "temperature"]);
  const number = (option: string): number | undefined =>
    options[option] === undefined ? undefined : numberOption("cli/teacher", options, option, 1, { min: 0 });
  const [strength, temperature] = [number("strength"), number("temperature")];
  return {
    from: isBundle(name) ? name : makePlugin<BackboneSource<Preprocessing>>(plugins, "backbone", { ...rest, name }),
    ...(strength !== undefined && { strength }),
    ...(temperature !== undefined && { temperature }),
  };
}
