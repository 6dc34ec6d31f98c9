import { fail, type PlainOptions } from "@graft-ml/core";

/** Reads two ascending numbers, `[from, to]`, or the default where the option is left out. */
export function rangeOption(
  where: string,
  options: PlainOptions,
  name: string,
  fallback: readonly [number, number],
  { min, max = Number.POSITIVE_INFINITY }: { readonly min: number; readonly max?: number },
): readonly [number, number] {
  const value = options[name];
  if (value === undefined) return fallback;
  const [from, to, ...rest] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof from === "number" && typeof to === "number" && rest.length === 0 && min <= from && from <= to && to <= max)
    return [from, to];
  const limit = Number.isFinite(max) ? ` to ${max}` : "";
  throw fail(
    where,
    `expected ${name} to be two ascending numbers from ${min}${limit}, [from, to]; received ${JSON.stringify(value)}`,
  );
}

/** A number drawn evenly between two. */
export function between([from, to]: readonly [number, number], share: number): number {
  return from + (to - from) * share;
}
