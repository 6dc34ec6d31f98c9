import type { Schedule } from "./schedule.ts";

/** The base rate at every step. */
export function constant(): Schedule {
  return () => 1;
}
