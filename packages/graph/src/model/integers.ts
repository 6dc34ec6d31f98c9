import { fail } from "@graft-ml/core";
import type { Integer } from "./messages.ts";

/** A whole number that a double holds exactly, or an error that says what was out of range. */
export function safeInteger(value: Integer | undefined, what: string): number {
  const number = Number(value ?? 0);
  if (!Number.isSafeInteger(number)) throw fail("graph/read", `${what} is out of range: ${String(value)}`);
  return number;
}

/** A whole number, or the largest one of its sign: exporters write "to the end" as the largest int64. */
export function clampedInteger(value: Integer | undefined): number {
  const number = Number(value ?? 0);
  return Number.isSafeInteger(number) ? number : Math.sign(number) * Number.MAX_SAFE_INTEGER;
}
