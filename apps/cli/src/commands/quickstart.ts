import type { Command } from "commander";
import type { Io } from "../io.ts";

const HELP = `
The pictures: emoji of five kinds (animals & nature, food & drink, travel & places, activities, objects). The model learns
from one artist's set and is tested on another's: the same things, drawn by another hand. All is on this machine already;
the second run takes seconds.

Example:
  $ graft quickstart --json | jq .fit.test.accuracy`;

/** `graft quickstart`: the whole story on bundled data. */
export function addQuickstart(program: Command, io: Io): void {
  program
    .command("quickstart")
    .summary("the whole story on bundled pictures: fit, predict, is it better than from scratch")
    .description("Fits a model on bundled pictures, compares it with one from scratch, predicts, and writes a report.")
    .option("--learn <set>", "emoji set to learn from: noto, twemoji, openmoji, fluent-emoji-flat", "noto")
    .option("--test <set>", "emoji set to test on", "twemoji")
    .option("--seed <n>", "the same seed gives the same model", "0")
    .option("--out <folder>", "where the bundle goes; an earlier quickstart there is replaced", "graft-runs/quickstart")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(
      async (flags: { learn: string; test: string; seed: string; out: string; json?: boolean; quiet?: boolean }) => {
        const { quickstart } = await import("../actions/quickstart.ts");
        await quickstart(flags, io);
      },
    );
}
