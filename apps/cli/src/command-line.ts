import { type FitSettings, nameAndOptions, OPTION_KINDS } from "./settings/fit-settings.ts";

/** The `graft fit` command that says these settings again: no experiment file needed, the seed spelled out. */
export function fitCommandLine(settings: FitSettings & { readonly data: string }, seed: number): string {
  const words = ["graft", "fit", quote(settings.data)];
  for (const column of [settings.textColumn ?? []].flat()) words.push("--text-column", quote(column));
  if (settings.labelColumn !== undefined) words.push("--label-column", quote(settings.labelColumn));
  for (const kind of OPTION_KINDS) {
    const setting = settings[kind];
    if (setting === undefined || (kind === "freezing" && settings.plan !== undefined)) continue;
    const { name, options } = nameAndOptions(setting);
    words.push(`--${kind}`, quote(name));
    for (const [option, value] of Object.entries(options))
      words.push("--set", quote(`${kind}.${option}=${JSON.stringify(value)}`));
  }
  if (settings.augment !== undefined && settings.augment.length > 0) {
    const named = settings.augment.map(nameAndOptions);
    words.push("--augment", quote(named.map(({ name }) => name).join(",")));
    for (const { name, options } of named)
      for (const [option, value] of Object.entries(options))
        words.push("--set", quote(`augment.${name}.${option}=${JSON.stringify(value)}`));
  }
  if (settings.plan !== undefined) words.push("--plan", quote(settings.plan));
  const { classWeights, teacher } = settings;
  // Its options have no flag: they are said by an experiment file.
  if (teacher !== undefined) words.push("--teacher", quote(nameAndOptions(teacher).name));
  if (classWeights !== undefined) {
    words.push(
      "--class-weights",
      quote(typeof classWeights === "string" ? classWeights : JSON.stringify(classWeights)),
    );
  }
  for (const name of ["views", "epochs", "lr", "batch", "accumulate", "ema", "test", "engine"] as const) {
    if (settings[name] !== undefined) words.push(`--${name}`, String(settings[name]));
  }
  words.push("--seed", String(seed));
  if (settings.strict) words.push("--strict");
  return words.join(" ");
}

/** For POSIX shells: only what needs quotes gets them. */
function quote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
