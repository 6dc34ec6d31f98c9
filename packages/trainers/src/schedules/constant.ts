import { onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Schedule } from "./schedule.ts";

/** The base rate at every step. */
export function constant(options: PlainOptions = {}): Schedule {
  onlyOptions("trainers/constant", options, []);
  return { name: "constant", summary: "the same rate at every step", multiple: () => 1 };
}
