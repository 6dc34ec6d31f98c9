import { fail, unknownName } from "./errors.ts";

/** Options of a plugin as they come from an experiment file or `--set kind.option=value`: plain JSON. */
export type PlainOptions = Readonly<Record<string, unknown>>;

/** Refuses options that the plugin does not know, naming the nearest it does. */
export function onlyOptions(where: string, options: PlainOptions, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownName(where, "option", name, known);
  }
}

/** Reads a number in a range, or the default where the option is left out. */
export function numberOption(
  where: string,
  options: PlainOptions,
  name: string,
  fallback: number,
  range: { readonly min?: number; readonly max?: number; readonly integer?: boolean } = {},
): number {
  const value = options[name];
  if (value === undefined) return fallback;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, integer = false } = range;
  const ok = typeof value === "number" && value >= min && value <= max && (!integer || Number.isInteger(value));
  if (!ok) {
    const kind = integer ? "an integer" : "a number";
    const bounds = `${range.min === undefined ? "" : ` ≥ ${min}`}${range.max === undefined ? "" : ` ≤ ${max}`}`;
    throw fail(where, `expected ${name} to be ${kind}${bounds}; received ${JSON.stringify(value)}`);
  }
  return value;
}

/** Reads one of a few words, or the default where the option is left out. */
export function choiceOption<T extends string>(
  where: string,
  options: PlainOptions,
  name: string,
  fallback: T,
  choices: readonly T[],
): T {
  const value = options[name];
  if (value === undefined) return fallback;
  if (typeof value !== "string" || !(choices as readonly string[]).includes(value)) {
    throw fail(where, `expected ${name} to be one of ${choices.join(", ")}; received ${JSON.stringify(value)}`);
  }
  return value as T;
}

/** Reads true or false, or the default where the option is left out. */
export function booleanOption(where: string, options: PlainOptions, name: string, fallback: boolean): boolean {
  const value = options[name] ?? fallback;
  if (typeof value !== "boolean") {
    throw fail(where, `expected ${name} to be true or false; received ${JSON.stringify(value)}`);
  }
  return value;
}
