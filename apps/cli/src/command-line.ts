import { type FitSettings, nameAndOptions, OPTION_KINDS } from "./settings/fit-settings.ts";

/** The `graft fit` command that says these settings again: no experiment file needed, the seed spelled out. */
export function fitCommandLine(settings: FitSettings & { readonly data: string }, seed: number): string {
  const words = ["graft", "fit", quote(settings.data)];
  for (const kind of OPTION_KINDS) {
    const setting = settings[kind];
    if (setting === undefined) continue;
    const { name, options } = nameAndOptions(setting);
    words.push(`--${kind}`, quote(name));
    for (const [option, value] of Object.entries(options))
      words.push("--set", quote(`${kind}.${option}=${JSON.stringify(value)}`));
  }
  for (const name of ["epochs", "lr", "batch", "test", "engine"] as const) {
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
