import { fail, onlyOptions, type PlainOptions } from "@graft-ml/core";
import type { Sampler } from "./sampler.ts";

const WHERE = "trainers/balanced";

/**
 * Every class equally often an epoch, which is as long as the data: samples of rare classes come again, of common ones some wait.
 * Within a class no sample comes again before all of it have come.
 */
export function balanced(options: PlainOptions = {}): Sampler {
  onlyOptions(WHERE, options, []);
  return {
    name: "balanced",
    summary: "every class equally often: rare samples come again, common ones wait",
    draw({ length, targets }, random) {
      const members = new Map<unknown, number[]>();
      for (let i = 0; i < length; i++) {
        const target = targets[i];
        if (typeof target !== "number" && typeof target !== "string") {
          throw fail(WHERE, `expected targets that are classes; received ${typeof target} at sample ${i}`);
        }
        const own = members.get(target) ?? [];
        own.push(i);
        members.set(target, own);
      }
      // Who gets the draws that are left over changes from epoch to epoch.
      const classes = random.shuffle([...members.values()]);
      const drawn = classes.flatMap((own, k) => {
        const wanted = Math.floor(length / classes.length) + Number(k < length % classes.length);
        const taken: number[] = [];
        while (taken.length < wanted) taken.push(...random.shuffle([...own]).slice(0, wanted - taken.length));
        return taken;
      });
      return random.shuffle(drawn);
    },
  };
}
