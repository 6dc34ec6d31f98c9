import type { Command } from "commander";
import type { Io } from "../io.ts";

const HELP = `
Examples:
  $ graft evaluate my-pets ./new-pets
  $ graft evaluate my-pets ./new-pets --json | jq .accuracy

Uses the folder's test/ part where it has one, else all of it. Its classes must be among the bundle's.`;

/** `graft evaluate`: measures a bundle on a folder. */
export function addEvaluate(program: Command, io: Io): void {
  program
    .command("evaluate")
    .summary("measure a fitted model on other pictures, with intervals")
    .description("Measures a fitted model on a folder of pictures that it has not seen.")
    .argument("<bundle>", "folder that graft fit wrote")
    .argument("<data>", "folder with one folder of pictures a class")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress, no notices")
    .addHelpText("after", HELP)
    .action(async (bundle: string, data: string, flags: { json?: boolean; quiet?: boolean }) => {
      const { evaluate } = await import("../actions/evaluate.ts");
      await evaluate(bundle, data, flags, io);
    });
}
