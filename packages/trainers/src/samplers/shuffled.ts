import { onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Sampler } from "./sampler.ts";

/** Every sample once an epoch, shuffled. */
export function shuffled(options: PlainOptions = {}): Sampler {
  onlyOptions("trainers/shuffled", options, []);
  return {
    name: "shuffled",
    summary: "every sample once an epoch, in random order",
    draw: ({ length }, random) => random.shuffle(Array.from({ length }, (_, i) => i)),
  };
}
