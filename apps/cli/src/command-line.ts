import { type FitSettings, nameAndOptions, OPTION_KINDS, type PluginSetting } from "./settings/fit-settings.ts";

/** The `graft fit` command that says these settings again: no experiment file needed, the seed spelled out. */
export function fitCommandLine(settings: FitSettings & { readonly data: string }, seed: number): string {
  const words = ["graft", "fit", quote(settings.data)];
  for (const column of [settings.textColumn ?? []].flat()) words.push("--text-column", quote(column));
  if (settings.labelColumn !== undefined) words.push("--label-column", quote(settings.labelColumn));
  if (settings.header === false) words.push("--no-header");
  if (settings.encoding !== undefined) words.push("--encoding", quote(settings.encoding));
  for (const kind of OPTION_KINDS) {
    const setting = settings[kind];
    if (setting === undefined || (kind === "freezing" && settings.plan !== undefined)) continue;
    words.push(...plugin(kind, setting));
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
  if (teacher !== undefined) words.push(...plugin("teacher", teacher));
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

function plugin(kind: string, setting: PluginSetting): string[] {
  const { name, options } = nameAndOptions(setting);
  const said = Object.entries(options).map(([option, value]) => `${kind}.${option}=${JSON.stringify(value)}`);
  return [`--${kind}`, quote(name), ...said.flatMap((each) => ["--set", quote(each)])];
}

/** For POSIX shells: only what needs quotes gets them. */
function quote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
